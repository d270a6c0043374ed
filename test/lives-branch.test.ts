import { expect, it } from "vitest";
import type { LedgerEntry } from "../src/ledger/entry.ts";
import { attestedEntry } from "./oidc/attested-entry.ts";
import { eventually } from "./support/app-world.ts";
import { type AppWorld, ledgerEntry } from "./support/open-app-world.ts";
import { inRangePull, REPO, scaled, startPullStates } from "./support/pull-state-world.ts";

const TIMEOUT = 60_000;

/** The base branch gets another name, and the next deploy, of that one, publishes. */
async function renameBase(
  { github, issuer, putEntry, run }: Pick<AppWorld, "github" | "issuer" | "putEntry" | "run">,
  settled: () => Promise<void>,
  entry: Partial<LedgerEntry> = {},
): Promise<void> {
  await github.renameBranch(REPO, "main", "trunk", "alice");
  await settled();
  const published = ledgerEntry({ publishedAt: "2026-02-01T12:00:00Z", ...entry });
  await putEntry(await attestedEntry(issuer, { ...run, ref: "refs/heads/trunk" }, published));
  await settled();
}

it("a base branch that is renamed keeps the cooldown", { timeout: TIMEOUT }, async () => {
  const world = await startPullStates();
  const { post, settled, stackFile } = world;
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === scaled(5));
  await settled();
  await renameBase(world, settled, { applied: { web: 5, api: 2 } });
  const { results } = await post("/scale/web", { value: 3 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "cooldown" }] });
});

it("what is open goes into the base branch under its new name", { timeout: TIMEOUT }, async () => {
  const world = await inRangePull();
  const { github, nudge, pull, settled, stackFile } = world;
  await renameBase(world, settled);
  expect((await pull(1)).base.ref).toBe("trunk");
  github.protect(REPO, "trunk", null);
  await nudge("scale/shop.prod");
  await eventually(stackFile, (text) => text === scaled(4));
  expect((await pull(1)).merged_at).not.toBeNull();
});
