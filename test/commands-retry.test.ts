import { expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { startCommandWorld } from "./support/command-world.ts";
import { ledgerEntry } from "./support/open-app-world.ts";

/** What the ledger says of an apply of web 3 that failed. */
const FAILED = {
  ...{ commit: "1".repeat(40), covers: [], startedAt: "2026-01-07T11:59:00.000Z", durationSeconds: 1 },
  ...{ outcome: "failed" as const, runUrl: null },
  pools: [{ pool: "web", outcome: "failed" as const, from: 2, to: 3, message: "no quota" }],
};

it("/scale retry asks the deploy workflow to apply what has failed, and nobody else's", {
  timeout: 60_000,
}, async () => {
  const entry = { receipt: FAILED, applied: { ...ledgerEntry().applied, web: 2 } };
  const { github, say, answered } = await startCommandWorld({ entry });
  const asked: unknown[] = [];
  github.onEvent(({ name, payload }) => {
    if (name === "repository_dispatch") asked.push([payload.action, payload.client_payload]);
  });
  await say("/scale retry api");
  expect(await answered(/retry api/)).toContain("`shop.prod/api` is applied: nothing has failed");
  expect(asked).toEqual([]);
  await say("/scale retry web");
  expect(await answered(/retry web/)).toContain("asked to apply `shop.prod/web` at 3 again");
  expect(asked).toEqual([["pulumiscale-apply", { stack: "shop.prod" }]]);
  expect(github.violations).toEqual([]);
});

it("/scale reject closes the pull request, and says who did", { timeout: 60_000 }, async () => {
  const files = { ".github/pulumiscale.yml": "defaults:\n  approval:\n    above: 4\n" };
  const { github, post, say, answered } = await startCommandWorld({ files });
  const { results } = await post("/scale/web", { value: 8 });
  const number = results[0]?.pullRequest ?? 0;
  await say("/scale reject too much for a Friday", "alice", number);
  expect(await answered(/Closed/, number)).toContain("`/scale reject too much for a Friday`");
  expect(await asPerson(github, "alice")("GET", `/pulls/${number}`)).toMatchObject({ state: "closed" });
  const again = await post("/scale/web", { value: 8 });
  expect(again.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
});
