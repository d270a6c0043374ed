import { describe, expect, test } from "vitest";
import { METRICS_TOKEN, PROD, PROD_TOKEN, STAGING, startServer } from "../support/http-server.ts";
import { MemoryScaling } from "../support/memory-scaling.ts";

const scraper = { authorization: `Bearer ${METRICS_TOKEN}` };

test("a process that runs is healthy, to anybody", async () => {
  await using it = await startServer();
  it.scaling.notReady = ["not yet"];
  const response = await it.get("/healthz", {});
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("ready says what is missing", async () => {
  await using it = await startServer();
  expect((await it.get("/readyz", {})).status).toBe(200);
  it.scaling.notReady = ["the installed repositories are still being listed"];
  const response = await it.get("/readyz", {});
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    reasons: ["the installed repositories are still being listed"],
  });
});

describe("metrics", () => {
  test("are closed to everybody else, with the same answer as any other route", async () => {
    await using it = await startServer();
    const stranger = await (await it.get("/nope", {})).text();
    for (const headers of [{}, { authorization: `Bearer ${PROD_TOKEN}` }, { authorization: "Bearer x" }]) {
      const response = await it.get("/metrics", headers);
      expect([response.status, await response.text()]).toEqual([401, stranger]);
    }
    expect((await it.get(`/metrics?token=${METRICS_TOKEN}`, {})).status).toBe(401);
    expect(it.scaling.poolReads).toBe(0);
  });

  test("are gauges of the pools of all stacks", async () => {
    const nowMs = Date.parse("2026-11-20T11:00:00Z");
    await using it = await startServer({ clock: () => nowMs });
    const response = await it.get("/metrics", scraper);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    const web = 'owner="Acme",repo="infra",stack="shop.prod",pool="web"';
    for (const line of [
      "# TYPE pulumiscale_pool_committed gauge",
      'pulumiscale_stack_up{owner="Acme",repo="infra",stack="shop.staging"} 1',
      'pulumiscale_stack_read_timestamp_seconds{owner="acme",repo="other",stack="api.prod"} 1795172400',
      `pulumiscale_pool_committed{${web}} 2`,
      `pulumiscale_pool_max{${web}} 100`,
      `pulumiscale_pool_cooldown_until_timestamp_seconds{${web}} 1795176000`,
      `pulumiscale_pool_problem{${web}} 0`,
    ])
      expect(text.split("\n")).toContain(line);
    // Not applied yet: no number is better than a made-up one.
    expect(text).not.toContain("pulumiscale_pool_applied{");
  });

  test("a stack that cannot be read is down, its last numbers stay with their time, the others are up", async () => {
    let nowMs = 1_000_000;
    await using it = await startServer({ clock: () => nowMs });
    await it.get("/metrics", scraper);
    it.scaling.instead.set(STAGING.id, () => Promise.reject(new Error("GitHub is down")));
    nowMs += 60_000;
    const lines = (await (await it.get("/metrics", scraper)).text()).split("\n");
    const staging = '{owner="Acme",repo="infra",stack="shop.staging"';
    expect(lines).toContain(`pulumiscale_stack_up${staging}} 0`);
    expect(lines).toContain(`pulumiscale_stack_read_timestamp_seconds${staging}} 1000`);
    expect(lines).toContain(`pulumiscale_pool_committed${staging},pool="workers"} 1`);
    expect(lines).toContain('pulumiscale_stack_up{owner="acme",repo="other",stack="api.prod"} 1');
  });

  test("scraping often does not read often", async () => {
    let nowMs = 1_000_000;
    await using it = await startServer({ clock: () => nowMs });
    for (let i = 0; i < 5; i++) await it.get("/metrics", scraper);
    expect(it.scaling.poolReads).toBe(3);
    nowMs += 15_000;
    await it.get("/metrics", scraper);
    expect(it.scaling.poolReads).toBe(6);
  });

  test("many stacks are read less often: at most a thousand reads an hour", async () => {
    let nowMs = 0;
    const stacks = Array.from({ length: 300 }, (_, i) => ({ ...PROD, id: `${PROD.id}.${i}` }));
    const scaling = new MemoryScaling(stacks.map((name) => ({ name, tokens: [], pools: new Map() })));
    const metrics = { token: METRICS_TOKEN, stacks: () => stacks };
    await using it = await startServer({ clock: () => nowMs, scaling, metrics });
    for (; nowMs < 3 * 3_600_000; nowMs += 60_000) await it.get("/metrics", scraper);
    // The first scrape reads all of them.
    expect(scaling.poolReads).toBeLessThanOrEqual(300 + 3 * 1_000);
    expect(scaling.poolReads).toBeGreaterThan(300);
  });

  test("a stack that keeps failing is not read at every scrape either", async () => {
    await using it = await startServer({ clock: () => 0 });
    it.scaling.instead.set(PROD.id, () => Promise.reject(new Error("GitHub is down")));
    for (let i = 0; i < 5; i++) await it.get("/metrics", scraper);
    expect(it.scaling.poolReads).toBe(3);
  });
});
