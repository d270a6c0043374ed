import { describe, expect, test } from "vitest";
import { OTHER, PROD, startServer, team } from "../support/http-server.ts";

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
