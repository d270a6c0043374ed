import { describe, expect, test } from "vitest";
import { type ScaleResult, TryAgainError } from "../../src/workflows/scaling.ts";
import { PROD, STAGING, startServer, team } from "../support/http-server.ts";
import { firingWith, recordedText } from "../support/payloads.ts";
import { codes, resultsOf } from "../support/scale-results.ts";

describe("what may still work is 503 with Retry-After", () => {
  test("one stack that cannot be reached is told beside the results of the others", async () => {
    await using it = await startServer();
    it.scaling.instead.set(STAGING.id, async () => {
      throw new TryAgainError("GitHub did not answer.", 29.5);
    });
    const response = await it.post("/repos/acme/infra/webhook/prometheus", recordedText("group"), team);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("30");
    const results = await resultsOf(response);
    expect(codes(results)).toEqual(["requested", "try-again", "requested"]);
    expect(results[1]).toMatchObject({ stack: "shop.staging", pool: "workers", kind: "hold", to: null });
  });

  test("what nobody expected stays with its stack, and the log says it", async () => {
    await using it = await startServer();
    it.scaling.instead.set(STAGING.id, () =>
      Promise.reject(new Error("boom", { cause: new Error("deeper") })),
    );
    const response = await it.post("/repos/acme/infra/webhook/prometheus", recordedText("group"), team);
    expect([response.status, codes(await resultsOf(response))]).toEqual([
      503,
      ["requested", "try-again", "requested"],
    ]);
    expect(it.log.lines()[0]).toMatchObject({
      level: 50,
      stack: STAGING.id,
      error: { message: "boom", cause: "Error: deeper" },
    });
  });

  test("fewer results than demands are no success", async () => {
    await using it = await startServer();
    it.scaling.instead.set(PROD.id, async () => []);
    const response = await it.post("/webhook/prometheus", recordedText("firing"));
    expect([response.status, codes(await resultsOf(response))]).toEqual([503, ["try-again"]]);
  });

  test("a result that may still work makes the whole answer 503", async () => {
    await using it = await startServer();
    it.scaling.instead.set(PROD.id, async () => [again("web")]);
    for (const path of ["/webhook/prometheus", "/webhook/web/count"]) {
      const body = path.endsWith("count") ? '{"value":3}' : recordedText("firing");
      const response = await it.post(path, body);
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(codes(await resultsOf(response))).toEqual(["try-again"]);
    }
  });

  test("a direct call that may still work is a problem with status 503", async () => {
    await using it = await startServer();
    it.scaling.instead.set(PROD.id, () => Promise.reject(new TryAgainError("GitHub did not answer.", 7)));
    for (const response of [await it.post("/scale/web", { value: 3 }), await it.get("/pools")]) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "7"]);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ status: 503, detail: "GitHub did not answer." });
    }
  });

  test("work that does not end is answered all the same", async () => {
    await using it = await startServer({ answerWithinMs: 20 });
    it.scaling.instead.set(PROD.id, () => new Promise(() => {}));
    expect((await it.post("/webhook/prometheus", recordedText("firing"))).status).toBe(503);
    expect((await it.post("/scale/web", { value: 3 })).status).toBe(503);
    expect((await it.get("/pools")).status).toBe(503);
  });

  test("a stack that is not listed yet may be listed soon", async () => {
    await using it = await startServer();
    it.scaling.notReady = ["the installed repositories are still being listed"];
    const body = firingWith({ labels: { pool: "web", pulumiscale_stack: "new.prod" } });
    const batch = await it.post("/repos/acme/infra/webhook/prometheus", body, team);
    expect([batch.status, codes(await resultsOf(batch))]).toEqual([503, ["try-again"]]);
    expect((await it.post("/repos/acme/infra/new.prod/scale/web", { value: 3 }, team)).status).toBe(503);
  });
});

function again(pool: string): ScaleResult {
  return {
    stack: "shop.prod",
    pool,
    kind: "hold",
    from: null,
    to: null,
    requested: null,
    reasons: [{ code: "try-again", message: "Later." }],
    delivery: null,
    commit: null,
    pullRequest: null,
  };
}
