import { expect, test } from "vitest";
import { PROD, STAGING, startServer, team } from "../support/http-server.ts";

const by = { by: "an API call", replaces: "own" };

test.each([
  ["/pause", {}, { kind: "pause", pool: null, direction: "both", untilMs: null, why: "", ...by }],
  [
    "/pause",
    { pool: "web", direction: "in", why: "load test" },
    { kind: "pause", pool: "web", direction: "in", untilMs: null, why: "load test", ...by },
  ],
  ["/resume", { pool: "web" }, { kind: "resume", pool: "web", why: "", ...by }],
  [
    "/pin",
    { pool: "web", value: 6 },
    {
      ...{ kind: "pin", pool: "web", value: 6, untilMs: null, why: "", source: "scale", ...by },
      event: expect.stringMatching(/^[0-9a-f]{16}$/),
    },
  ],
])("POST %s with %j asks for just that", async (path, body, wish) => {
  await using it = await startServer();
  const response = await it.post(path, body);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ stack: "shop.prod", kind: "changed", scale: null });
  expect(it.scaling.controlled).toEqual([{ stackId: PROD.id, wish }]);
  expect(it.log.lines()).toMatchObject([{ route: path, status: 200, control: "changed" }]);
  expect(it.log.text()).not.toContain("load test");
});

test("an end counts from now, or is a point of time", async () => {
  await using it = await startServer();
  const before = Date.now();
  await it.post("/pause", { for: "2h" });
  const until = new Date(before + 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  await it.post("/pause", { until });
  const [first, second] = it.scaling.controlled.map(({ wish }) => ("untilMs" in wish ? wish.untilMs : null));
  expect(first).toBeGreaterThanOrEqual(before + 7_200_000);
  expect(first).toBeLessThanOrEqual(Date.now() + 7_200_000);
  expect(second).toBe(Date.parse(until));
});

test.each([
  ["/pause", { for: "2 hours" }, "$.for"],
  ["/pause", { for: "1d", until: "2098-01-01" }, "$"],
  ["/pause", { until: "2000-01-01" }, "$.until"],
  ["/pause", { direction: "up" }, "$.direction"],
  ["/pause", { untill: "2098-01-01" }, "$"],
  ["/pause", { pool: "all/of/it" }, "$.pool"],
  ["/pause", { why: "x".repeat(1001) }, "$.why"],
  ["/pin", { pool: "web" }, "$.value"],
  ["/pin", { value: 3 }, "$.pool"],
  ["/pin", { pool: "web", value: 1.5 }, "$.value"],
  // What the stack itself refuses can never work either.
  ["/pin", { pool: "web", value: 101 }, "$"],
  ["/resume", { for: "2h" }, "$"],
  ["/resume?dryRun=true", {}, "?"],
])("POST %s with %j is refused at %s", async (path, body, where) => {
  await using it = await startServer();
  const response = await it.post(path, body);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ errors: [{ path: expect.stringContaining(where) }] });
});

test("a pool that the stack does not have is not found, and a token pauses its own stacks alone", async () => {
  await using it = await startServer();
  expect((await it.post("/pause", { pool: "wbe" })).status).toBe(404);
  expect((await it.post("/repos/acme/infra/shop.staging/pause", {})).status).toBe(404);
  expect((await it.post("/pause", {}, { authorization: "Bearer nobody" })).status).toBe(401);
  expect(it.scaling.controlled).toEqual([]);
  expect((await it.post("/repos/acme/infra/shop.staging/pause", {}, team)).status).toBe(200);
  expect(it.scaling.controlled.map(({ stackId }) => stackId)).toEqual([STAGING.id]);
});
