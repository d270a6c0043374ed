import { describe, expect, test } from "vitest";
import { PROD, STAGING, startServer, team } from "../support/http-server.ts";
import { firingWith, recorded, recordedText } from "../support/payloads.ts";
import { codes, resultsOf } from "../support/scale-results.ts";

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
