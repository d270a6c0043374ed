import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { createHttpApp } from "../../src/http/http-app.ts";
import { ListenError, serveHttp } from "../../src/http/serve-http.ts";
import type { ScaleResult } from "../../src/workflows/scaling.ts";
import { PROD, PROD_TOKEN, startServer } from "../support/http-server.ts";
import { MemoryScaling } from "../support/memory-scaling.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";
import { recordedLogger } from "../support/recorded-logger.ts";

/** A stack that scales when it is told to. */
function gate(scaling: MemoryScaling) {
  const entered = Promise.withResolvers<void>();
  const open = Promise.withResolvers<ScaleResult[]>();
  scaling.instead.set(PROD.id, () => {
    entered.resolve();
    return open.promise;
  });
  return { entered: entered.promise, open: () => open.resolve([]) };
}

describe("stop", () => {
  test("a running request is finished, a new connection is not taken", async () => {
    await using it = await startServer();
    const { entered, open } = gate(it.scaling);
    const running = it.post("/scale/web", { value: 3 });
    await entered;
    const stopped = it.server.stop();
    await expect.poll(() => isRefused(it.port)).toBe(true);
    open();
    expect((await running).status).toBe(200);
    await stopped;
  });

  test("an idle connection that is kept alive does not hold it up", async () => {
    await using it = await startServer({}, { stopWithinMs: 60_000 });
    const kept = sendRaw(it.port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect.poll(() => it.log.lines().length).toBe(1);
    await it.server.stop();
    expect(parseRaw(await kept).status).toBe(200);
  });

  test("a connection that was busy when it began does not hold it up afterwards", async () => {
    await using it = await startServer({}, { stopWithinMs: 60_000 });
    const { entered, open } = gate(it.scaling);
    const kept = sendRaw(
      it.port,
      `POST /scale/web HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${PROD_TOKEN}\r\nContent-Length: 11\r\n\r\n{"value":3}`,
    );
    await entered;
    const stopped = it.server.stop();
    open();
    await stopped;
    expect(parseRaw(await kept).status).toBe(200);
  });

  test("a request that does not end is cut off", async () => {
    await using it = await startServer({}, { stopWithinMs: 50 });
    const { entered } = gate(it.scaling);
    const running = it.post("/scale/web", { value: 3 });
    running.catch(() => {});
    await entered;
    await it.server.stop();
    await expect(running).rejects.toThrow();
  });

  test("twice is once", async () => {
    const it = await startServer();
    await Promise.all([it.server.stop(), it.server.stop()]);
    expect(await isRefused(it.port)).toBe(true);
  });
});

test("a port that is taken is told with what to do", async () => {
  await using it = await startServer();
  const app = createHttpApp({
    scaling: new MemoryScaling([]),
    logger: recordedLogger().logger,
    clock: Date.now,
    version: "1.2.3",
  });
  const second = serveHttp(app, { host: "127.0.0.1", port: it.port });
  await expect(second).rejects.toThrow(ListenError);
  await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${it.port}`);
  await expect(second).rejects.toMatchObject({ code: "cannot-listen", cause: { code: "EADDRINUSE" } });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}
