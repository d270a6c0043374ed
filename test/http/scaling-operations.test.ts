import { describe, expect, test } from "vitest";
import { type ScaleResult, TryAgainError } from "../../src/workflows/scaling.ts";
import { OTHER, PROD, STAGING, startServer, TEAM_TOKEN } from "../support/http-server.ts";
import { firingWith, recorded, recordedText } from "../support/payloads.ts";

const team = { authorization: `Bearer ${TEAM_TOKEN}` };

async function resultsOf(response: Response): Promise<ScaleResult[]> {
  const { results }: { results: ScaleResult[] } = JSON.parse(await response.text());
  return results;
}

function codes(results: readonly ScaleResult[]): string[] {
  return results.map(({ reasons }) => reasons.map(({ code }) => code).join());
}

describe("alerts", () => {
  test("the recorded message scales the pool of its label in the default stack", async () => {
    await using it = await startServer();
    const response = await it.post("/webhook/prometheus", recordedText("firing"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      results: [
        {
          stack: "shop.prod",
          pool: "web",
          kind: "scale",
          from: 2,
          to: 3,
          requested: 3,
          reasons: [{ code: "requested", message: "2 to 3." }],
          delivery: "direct",
          commit: null,
          pullRequest: null,
        },
      ],
    });
    expect(it.scaling.asked).toEqual([
      {
        stackId: PROD.id,
        mode: "commit",
        intents: [
          {
            pool: "web",
            ask: { kind: "step" },
            source: "prometheus",
            requestedBy: "prometheus",
            event: expect.stringMatching(/^[0-9a-f]{16}$/),
            summary: "HighCpu: CPU of web is over 80%",
          },
        ],
      },
    ]);
    expect(it.log.lines()).toMatchObject([
      { method: "POST", route: "/webhook/prometheus", status: 200, stack: PROD.id, results: { scale: 1 } },
    ]);
    expect(it.log.text()).not.toContain("CPU of web");
  });

  test("the same message twice has the same event", async () => {
    await using it = await startServer();
    await it.post("/webhook/prometheus", recordedText("firing"));
    await it.post("/repos/acme/infra/shop.prod/webhook/web/prometheus", recordedText("firing"));
    const events = it.scaling.asked.flatMap(({ intents }) => intents.map(({ event }) => event));
    expect(events).toHaveLength(2);
    expect(new Set(events).size).toBe(1);
  });

  test("a repository's route serves the stacks that its alerts name, each stack at once, results in order", async () => {
    await using it = await startServer();
    const response = await it.post("/repos/acme/infra/webhook/prometheus", recordedText("group"), team);
    const results = await resultsOf(response);
    expect(results.map(({ stack, pool, to }) => [stack, pool, to])).toEqual([
      ["shop.prod", "workers", 8],
      ["shop.staging", "workers", 2],
      ["shop.prod", "web", 7],
    ]);
    expect(it.scaling.asked.map(({ stackId, intents }) => [stackId, intents.length])).toEqual([
      [PROD.id, 2],
      [STAGING.id, 1],
    ]);
  });

  test("one mistake never drops its neighbours", async () => {
    await using it = await startServer();
    const body = recorded("group");
    const [first, second, third] = body.alerts;
    const named = (labels: Record<string, string>) => ({ ...first, labels });
    const alerts = [
      named({ pool: "wbe", pulumiscale_stack: "shop.prod" }),
      named({ pool: "web", pulumiscale_stack: "shop.pord" }),
      named({ pool: "web" }),
      named({ pulumiscale_stack: "shop.prod" }),
      named({ pool: "api", pulumiscale_stack: "api.prod" }),
      { ...third, annotations: { pulumiscale_value: "3.5" } },
      second,
    ];
    const response = await it.post("/repos/acme/infra/webhook/prometheus", { ...body, alerts }, team);
    expect(response.status).toBe(200);
    const results = await resultsOf(response);
    expect(codes(results)).toEqual([
      "unknown-pool",
      "unknown-stack",
      "no-stack",
      "no-pool",
      // A stack of another repository, though the same token opens it.
      "unknown-stack",
      "bad-value",
      "requested",
    ]);
    expect(results[0]).toEqual({
      stack: "shop.prod",
      pool: "wbe",
      kind: "refuse",
      from: null,
      to: null,
      requested: null,
      reasons: [{ code: "unknown-pool", message: "The stack shop.prod has no pool of that name." }],
      delivery: null,
      commit: null,
      pullRequest: null,
    });
  });

  test("a token opens its own stacks alone", async () => {
    await using it = await startServer();
    const response = await it.post("/repos/acme/infra/webhook/prometheus", recordedText("group"));
    expect(response.status).toBe(200);
    expect(codes(await resultsOf(response))).toEqual(["requested", "unknown-stack", "requested"]);
    expect(it.scaling.asked.map(({ stackId }) => stackId)).toEqual([PROD.id]);
    const other = await it.post("/repos/acme/other/webhook/prometheus", recordedText("group"));
    expect(other.status).toBe(404);
  });

  test("the stack's route refuses alerts of another stack, the pool's route of another pool", async () => {
    await using it = await startServer();
    const stack = await it.post(
      "/repos/acme/infra/shop.staging/webhook/prometheus",
      recordedText("group"),
      team,
    );
    expect(codes(await resultsOf(stack))).toEqual(["stack-mismatch", "requested", "stack-mismatch"]);
    const pool = await it.post("/webhook/workers/prometheus", recordedText("firing"));
    expect(codes(await resultsOf(pool))).toEqual(["pool-mismatch"]);
  });

  test("alerts that Alertmanager left out are told in every result and in the log", async () => {
    await using it = await startServer();
    const response = await it.post("/webhook/prometheus", recordedText("truncated"));
    const results = await resultsOf(response);
    expect(codes(results)).toEqual(["requested,truncated-alerts", "requested,truncated-alerts"]);
    expect(results[0]?.reasons[1]?.message).toBe("Alertmanager left 2 alerts out of its message.");
    expect(it.log.lines()).toMatchObject([{ truncatedAlerts: 2 }]);
  });

  test("a resolved alert has no result unless the URL asks for it", async () => {
    await using it = await startServer();
    const quiet = await it.post("/webhook/prometheus", recordedText("resolved"));
    expect([quiet.status, await quiet.json()]).toEqual([200, { results: [] }]);
    const acts = await it.post("/webhook/web/prometheus?on=resolved&delta=-1", recordedText("resolved"));
    expect((await resultsOf(acts))[0]).toMatchObject({ from: 2, to: 1 });
  });

  test("the URL says how much where the alert does not", async () => {
    await using it = await startServer();
    await it.post("/webhook/prometheus?delta=%2B4", recordedText("firing"));
    await it.post("/webhook/prometheus?value=9", recordedText("firing"));
    await it.post("/webhook/prometheus?value=9", firingWith({ annotations: { pulumiscale_delta: "3" } }));
    expect(it.scaling.asked.flatMap(({ intents }) => intents.map(({ ask }) => ask))).toEqual([
      { kind: "delta", delta: 4 },
      { kind: "value", value: 9 },
      { kind: "delta", delta: 3 },
    ]);
  });

  test.each([
    ["?on=pending", "?on"],
    ["?on=firing,firing", "?on"],
    ["?on=", "?on"],
    ["?delta=two", "?delta"],
    ["?value=1e3", "?value"],
    ["?delta=1&value=2", "?value"],
    ["?detla=2", "?"],
    ["?__proto__=2", "?"],
    ["?constructor=2", "?"],
  ])("%s is refused, not ignored", async (query, path) => {
    await using it = await startServer();
    const response = await it.post(`/webhook/prometheus${query}`, recordedText("firing"));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ status: 422, errors: [{ path }] });
    expect(it.scaling.asked).toEqual([]);
  });
});

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

describe("direct calls", () => {
  test.each([
    ["/webhook/web/count", { value: 7 }, { kind: "value", value: 7 }, "count"],
    ["/webhook/web/delta", { delta: -1 }, { kind: "delta", delta: -1 }, "delta"],
    ["/scale/web", { value: 7 }, { kind: "value", value: 7 }, "scale"],
    ["/scale/web", { delta: 2 }, { kind: "delta", delta: 2 }, "scale"],
  ])("%s %j", async (path, body, ask, source) => {
    await using it = await startServer();
    const response = await it.post(path, body);
    expect(response.status).toBe(200);
    expect(await resultsOf(response)).toMatchObject([{ pool: "web", kind: "scale", from: 2 }]);
    expect(it.scaling.asked).toMatchObject([{ mode: "commit", intents: [{ pool: "web", ask, source }] }]);
  });

  test.each([
    ["/webhook/web/count", { delta: 1 }, "$.value"],
    ["/webhook/web/delta", { value: 1 }, "$.delta"],
    ["/webhook/web/count", { value: "7" }, "$.value"],
    ["/scale/web", {}, "$"],
    ["/scale/web", { value: 1, delta: 1 }, "$"],
    ["/scale/web", { value: 1, dryRun: true }, "$"],
  ])("%s %j is refused", async (path, body, where) => {
    await using it = await startServer();
    const response = await it.post(path, body);
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      type: "urn:pulumiscale:problem:unprocessable",
      status: 422,
      instance: path,
      detail: expect.stringContaining(where),
      errors: expect.arrayContaining([{ path: where, message: expect.any(String) }]),
    });
    expect(it.scaling.asked).toEqual([]);
  });

  test("any content type is read as JSON", async () => {
    await using it = await startServer();
    const response = await fetch(`${it.url}/scale/web`, {
      method: "POST",
      headers: { authorization: `Bearer ${TEAM_TOKEN}`, "content-type": "text/plain" },
      body: '{"value":4}',
    });
    expect(response.status).toBe(200);
  });

  test("a dry run decides and shows the diff", async () => {
    await using it = await startServer();
    const response = await it.post("/scale/web?dryRun=true", { value: 9 });
    expect(await resultsOf(response)).toMatchObject([{ from: 2, to: 9, diff: "-2\n+9\n" }]);
    expect(it.scaling.asked).toMatchObject([{ mode: "dry-run" }]);
    await it.post("/scale/web?dryRun=false", { value: 9 });
    expect(it.scaling.asked).toMatchObject([{ mode: "dry-run" }, { mode: "commit" }]);
    expect((await it.post("/scale/web?dryRun", { value: 9 })).status).toBe(422);
    expect((await it.post("/scale/web?dryRun=1", { value: 9 })).status).toBe(422);
    expect(it.scaling.asked).toHaveLength(2);
  });

  test("an unknown pool and an unknown stack are 404", async () => {
    await using it = await startServer();
    const pool = await it.post("/scale/nope", { value: 1 });
    expect(await pool.json()).toMatchObject({ status: 404, type: "urn:pulumiscale:problem:unknown-pool" });
    const stack = await it.post("/repos/acme/infra/nope/scale/web", { value: 1 });
    expect(await stack.json()).toMatchObject({ status: 404, type: "urn:pulumiscale:problem:unknown-stack" });
    const closed = await it.post("/repos/acme/infra/shop.staging/scale/workers", { value: 1 });
    expect(closed.status).toBe(404);
    expect((await it.post("/repos/acme/infra/shop.staging/scale/workers", { value: 1 }, team)).status).toBe(
      200,
    );
  });

  test("owner and repository do not differ by case", async () => {
    await using it = await startServer();
    expect((await it.post("/repos/ACME/Infra/shop.prod/scale/web", { value: 1 })).status).toBe(200);
  });

  describe("Idempotency-Key", () => {
    async function events(calls: [path: string, key: string | null][]): Promise<string[]> {
      await using it = await startServer();
      for (const [path, key] of calls) {
        const response = await it.post(
          path,
          { [path.endsWith("delta") ? "delta" : "value"]: 3 },
          {
            ...team,
            ...(key === null ? {} : { "idempotency-key": key }),
          },
        );
        expect(response.status).toBe(200);
      }
      return it.scaling.asked.flatMap(({ intents }) => intents.map(({ event }) => event));
    }

    test("the same key is the same event, on either path of a stack", async () => {
      const seen = await events([
        ["/webhook/web/count", "a"],
        ["/repos/acme/infra/shop.prod/webhook/web/count", "a"],
      ]);
      expect(new Set(seen).size).toBe(1);
    });

    test("another key, pool, stack or route is another event, and so is every call without one", async () => {
      const seen = await events([
        ["/webhook/web/count", "a"],
        ["/webhook/web/count", "b"],
        ["/webhook/workers/count", "a"],
        ["/scale/web", "a"],
        ["/webhook/web/delta", "a"],
        ["/repos/acme/infra/shop.staging/webhook/workers/count", "a"],
        ["/webhook/web/count", null],
        ["/webhook/web/count", null],
      ]);
      expect(new Set(seen).size).toBe(8);
      for (const event of seen) expect(event).toMatch(/^[0-9a-f]{16}$/);
    });

    test.each([
      ["", "empty"],
      ["k".repeat(256), "too long"],
    ])("refused: %#", async (key) => {
      await using it = await startServer();
      const response = await it.post("/scale/web", { value: 3 }, { ...team, "idempotency-key": key });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ errors: [{ path: "Idempotency-Key" }] });
    });
  });
});

describe("reads", () => {
  test("pools, a pool, its history", async () => {
    await using it = await startServer();
    it.scaling.history.push({
      commit: "c0ffee",
      at: "2026-11-20T11:00:00.000Z",
      from: 1,
      to: 2,
      by: "prometheus",
      reasons: ["requested"],
      source: "prometheus",
      pullRequest: 7,
      approvedBy: null,
    });
    const pools = await it.get("/pools");
    expect(await pools.json()).toMatchObject({ pools: [{ pool: "web", committed: 2 }, { pool: "workers" }] });
    const pool = await it.get("/repos/acme/infra/shop.prod/pools/workers");
    expect(await pool.json()).toMatchObject({ pool: "workers", committed: 5 });
    const history = await it.get("/pools/web/history");
    expect(await history.json()).toEqual({ history: it.scaling.history });
    expect((await it.get("/pools/nope")).status).toBe(404);
    expect((await it.get("/pools/nope/history")).status).toBe(404);
  });

  test("a failure that nobody expected tells nothing of itself", async () => {
    await using it = await startServer();
    it.scaling.instead.set(PROD.id, () => Promise.reject(new Error("secret detail")));
    const response = await it.get("/pools");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret detail");
    expect(it.log.text()).toContain("secret detail");
  });

  test("the short paths are about the default stack, to those whose token opens it", async () => {
    await using it = await startServer({ defaultStack: OTHER });
    expect((await it.get("/pools")).status).toBe(404);
    expect((await it.get("/pools", team)).status).toBe(200);
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
