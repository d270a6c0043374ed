import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { capGitHubWebhooks } from "../../src/http/github-webhooks.ts";
import { HeldBytes } from "../../src/http/read-body.ts";
import { startAppProcessWorld } from "../support/app-process-world.ts";
import { PROD_TOKEN, startServer } from "../support/http-server.ts";
import { TOKEN } from "../support/open-app-world.ts";
import { parseRaw, sendRaw } from "../support/raw-http.ts";
import { recordedLogger } from "../support/recorded-logger.ts";

const GIGABYTE = 1_000_000_000;
const MEGABYTE = 1_000_000;
/** What one flood may cost at most: far below what is thrown at the app, far above what a garbage collector leaves. */
const ROOM_MB = 300;

/** The most memory that a process has had so far, in MB; where the system does not say, what it has now. */
function peakMemoryOf(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (existsSync(status)) return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(status, "utf8"))?.[1]) / 1000;
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1000;
}

/**
 * Sends a head and then body until the other side has had enough or a gigabyte is through. Gives how much went out, and
 * what came back.
 */
async function flood(
  port: number,
  head: string,
  chunked: boolean,
): Promise<{ sentBytes: number; answer: string }> {
  const socket = connect({ port, host: "127.0.0.1" });
  const closed = Promise.withResolvers<void>();
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1").slice(0, 1000);
  });
  // A server that has answered may reset the connection: what counts is what it answered.
  let isOver = false;
  const end = () => {
    isOver = true;
    closed.resolve();
  };
  socket.on("error", end);
  socket.on("close", end);
  const payload = Buffer.alloc(MEGABYTE, "x");
  const part = chunked ? Buffer.concat([Buffer.from("f4240\r\n"), payload, Buffer.from("\r\n")]) : payload;
  socket.write(head);
  let sentBytes = 0;
  while (!isOver && sentBytes < GIGABYTE) {
    sentBytes += MEGABYTE;
    const isTaken = socket.write(part);
    if (!isTaken)
      await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed.promise]);
  }
  socket.end();
  await closed.promise;
  return { sentBytes, answer };
}

const target = (path: string, ...headers: string[]) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.map((it) => `${it}\r\n`).join("")}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";
const LENGTH = `Content-Length: ${GIGABYTE}`;
const SIGNED = `X-Pulumiscale-Signature: sha256=${"0".repeat(64)}`;
const EVENT = [
  "Content-Type: application/json",
  "X-GitHub-Event: push",
  "X-GitHub-Delivery: 1",
  `X-Hub-Signature-256: sha256=${"0".repeat(64)}`,
];

describe("bodies of 1 GB (unbounded body before authentication)", () => {
  test("the app's memory stays bounded, whoever sends them wherever", { timeout: 180_000 }, async () => {
    const { own, stackFile } = await startAppProcessWorld();
    const port = Number(new URL(own.url).port);
    const before = await stackFile();
    const cases: [what: string, head: string, chunked: boolean, statuses: number[]][] = [
      ["with a token, endless", target("/scale/web", `Authorization: Bearer ${TOKEN}`, CHUNKED), true, [413]],
      [
        "with a token, announced",
        target("/scale/web", `Authorization: Bearer ${TOKEN}`, LENGTH),
        false,
        [413],
      ],
      ["with a forged signature, endless", target("/scale/web", SIGNED, CHUNKED), true, [413]],
      ["with a forged signature, to nowhere", target("/nowhere", SIGNED, CHUNKED), true, [413]],
      ["without a credential, endless", target("/webhook/prometheus", CHUNKED), true, [401]],
      ["without a credential, announced", target("/webhook/prometheus", LENGTH), false, [401]],
      ["as an event of GitHub, endless", target("/api/github/webhooks", ...EVENT, CHUNKED), true, [413, 503]],
      ["as an event of GitHub, announced", target("/api/github/webhooks", ...EVENT, LENGTH), false, [413]],
      ["to a route without a body", target("/healthz", CHUNKED), true, [401, 405]],
      [
        "with a lie of its length",
        target("/scale/web", `Authorization: Bearer ${TOKEN}`, "Content-Length: 11"),
        false,
        [400, 422],
      ],
    ];
    await fetch(`${own.url}/pools`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const startMb = peakMemoryOf(own.process.child.pid);
    for (const [what, head, chunked, statuses] of cases) {
      const floods = await Promise.all(Array.from({ length: 24 }, () => flood(port, head, chunked)));
      for (const { sentBytes, answer } of floods) {
        // The other side may have cut the connection before its answer was read.
        if (answer !== "")
          expect([what, statuses]).toEqual([what, expect.arrayContaining([parseRaw(answer).status])]);
        // Cut before its end; how soon is a question of how busy the machine is.
        expect([what, sentBytes < GIGABYTE]).toEqual([what, true]);
      }
      expect(floods.filter(({ answer }) => answer !== "").length, what).toBeGreaterThan(0);
    }
    expect(peakMemoryOf(own.process.child.pid) - startMb).toBeLessThan(ROOM_MB);
    expect(await stackFile()).toBe(before);
    const health = await fetch(`${own.url}/pools`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(health.status).toBe(200);
  });

  test("compressed bodies are not unpacked", async () => {
    await using it = await startServer();
    const bomb = gzipSync(Buffer.alloc(50 * MEGABYTE, " "));
    const response = await fetch(`${it.url}/scale/web`, {
      method: "POST",
      headers: { authorization: `Bearer ${PROD_TOKEN}`, "content-encoding": "gzip" },
      body: bomb,
    });
    expect(response.status).toBe(422);
    expect(it.scaling.asked).toEqual([]);
  });
});

describe("many senders at once", () => {
  test("strangers' bodies hold a bounded number of bytes together, and give them back", async () => {
    const held = new HeldBytes(3000);
    const githubWebhooks = capGitHubWebhooks(
      async (_incoming, outgoing) => {
        outgoing.end();
      },
      { logger: recordedLogger().logger, clock: Date.now, held },
    );
    await using it = await startServer({}, { githubWebhooks, requestWithinMs: 60_000 });
    const start = `${target("/api/github/webhooks", CHUNKED)}3e8\r\n${"x".repeat(1000)}\r\n`;
    const open = [1, 2, 3].map(() => connect({ port: it.port, host: "127.0.0.1" }));
    for (const socket of open) socket.write(start);
    await expect.poll(() => held.bytes).toBe(3000);
    const refused = parseRaw(await sendRaw(it.port, start));
    expect([refused.status, refused.headers.get("connection")]).toEqual([503, "close"]);
    expect(held.bytes).toBe(3000);
    open[0]?.destroy();
    await expect.poll(() => held.bytes).toBe(2000);
    for (const socket of open.slice(1)) socket.write("0\r\n\r\n");
    await expect.poll(() => held.bytes).toBe(0);
    expect(
      (await fetch(`${it.url}/api/github/webhooks`, { method: "POST", body: "x".repeat(3000) })).status,
    ).toBe(200);
    for (const socket of open) socket.destroy();
  });

  test("a thousand connections that say nothing keep nobody out, and are cut off", async () => {
    await using it = await startServer({}, { headersWithinMs: 500, requestWithinMs: 1_000 });
    let closed = 0;
    const open = Array.from({ length: 1000 }, (_, index) => {
      const socket = connect({ port: it.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.on("close", () => {
        closed++;
      });
      socket.resume();
      // Half of them begin a head, and never end it.
      if (index % 2 === 0) socket.write("POST /scale/web HTTP/1.1\r\nHost: local");
      return socket;
    });
    expect((await it.get("/pools")).status).toBe(200);
    await expect.poll(() => closed, { timeout: 8_000 }).toBeGreaterThanOrEqual(500);
    for (const socket of open) socket.destroy();
    expect((await it.get("/pools")).status).toBe(200);
  });

  test("a head that grows byte by byte is cut off by its size and by its time", async () => {
    await using it = await startServer({}, { headersWithinMs: 300, requestWithinMs: 1_000 });
    const long = `GET /pools HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
    expect(parseRaw(await sendRaw(it.port, long)).status).toBe(431);
    const many = Array.from({ length: 200 }, (_, index) => `X-${index}: 1\r\n`).join("");
    expect(parseRaw(await sendRaw(it.port, `GET /pools HTTP/1.1\r\nHost: localhost\r\n${many}`)).status).toBe(
      408,
    );
  });
});
