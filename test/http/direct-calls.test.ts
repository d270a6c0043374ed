import { describe, expect, test } from "vitest";
import { startServer, TEAM_TOKEN, team } from "../support/http-server.ts";
import { resultsOf } from "../support/scale-results.ts";

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
