import { expect, it } from "vitest";
import type { LedgerEntry } from "../src/ledger/entry.ts";
import { eventually } from "./support/app-world.ts";
import { startCommandWorld } from "./support/command-world.ts";
import { type AppWorld, ledgerEntry } from "./support/open-app-world.ts";
import { firingWith } from "./support/payloads.ts";
import { gatedPull, inRangePull, REPO, scaled, startPullStates } from "./support/pull-state-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const OLD = "/repos/acme/infra/shop.prod";
const NEW = "/repos/acme/infra/store";
const LATER = "2026-02-01T12:00:00Z";
const SETTINGS = "stacks:\n  store: { dir: '.', stack: prod, formerAliases: [shop.prod] }\n";

/** The repository file gives the stack another name, and the next deploy publishes it under that; what it published before stays. */
async function rename(
  { github, sign, putEntry }: Pick<AppWorld, "github" | "sign" | "putEntry">,
  settled: () => Promise<void>,
  entry: Partial<LedgerEntry> = {},
): Promise<void> {
  await github.commit(REPO, {
    branch: "main",
    message: "rename the stack",
    login: "alice",
    files: { ".github/pulumiscale.yml": SETTINGS },
  });
  await putEntry(await sign(ledgerEntry({ publishedAt: LATER, ...entry })), "store");
  await settled();
}

it("a stack that was renamed keeps its history, cooldown and senders", { timeout: TIMEOUT }, async () => {
  const world = await startPullStates();
  const { get, post, settled, stackFile } = world;
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === scaled(5));
  await rename(world, settled, { applied: { web: 5, api: 2 } });
  for (const route of [NEW, OLD, ""]) {
    const { results } = await post(`${route}/scale/web`, { value: 3 });
    expect(results[0]).toMatchObject({ kind: "hold", stack: "store", reasons: [{ code: "cooldown" }] });
  }
  const { answer } = await get(`${OLD}/pools/web/history`);
  expect(JSON.stringify(answer)).toContain('"by":"scale"');
});

it("alerts that name a renamed stack as before reach it", { timeout: TIMEOUT }, async () => {
  const world = await startPullStates();
  const { post, settled, stackFile } = world;
  await rename(world, settled);
  const alert = (pulumiscale_value: string) =>
    firingWith({
      labels: { pulumiscale_stack: "shop.prod", pulumiscale_pool: "web" },
      annotations: { pulumiscale_value },
    });
  const first = await post("/repos/acme/infra/webhook/prometheus", alert("4"));
  expect(first.results[0]).toMatchObject({ kind: "scale", stack: "store", to: 4 });
  await eventually(stackFile, (text) => text === scaled(4));
  for (const route of [OLD, NEW]) {
    const { results } = await post(`${route}/webhook/prometheus`, alert("4"));
    expect(results[0]?.reasons[0]?.code).not.toMatch(/stack/);
    expect(results[0]).toMatchObject({ kind: "hold", stack: "store" });
  }
});

it("what was open under a former name is closed with a sentence", { timeout: TIMEOUT }, async () => {
  const world = await inRangePull();
  const { github, post, pulls, settled, unblock } = world;
  await rename(world, settled);
  await eventually(pulls, (open) => open.length === 0);
  unblock();
  expect((await readNotes(github, 1)).join("\n")).toContain("The stack `shop.prod` is called `store` now");
  const { results } = await post(`${NEW}/scale/web`, { value: 4 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 4 });
});

it("what waited for approval under a former name is closed, and not merged", {
  timeout: TIMEOUT,
}, async () => {
  const world = await gatedPull();
  const { pull, settled } = world;
  await rename(world, settled);
  const closed = await eventually(
    () => pull(1),
    ({ state }) => state === "closed",
  );
  expect(closed.merged_at).toBeNull();
});

it("an answer to a comment goes on where the stack is renamed meanwhile", { timeout: TIMEOUT }, async () => {
  const world = await startCommandWorld();
  const { ask, answered, github, settled, stackFile } = world;
  await ask("/scale web 5");
  await eventually(stackFile, (text) => text === scaled(5));
  await answered(/Committed as/);
  await rename(world, settled, { applied: { web: 5, api: 2 } });
  // Whatever happens next in the repository.
  await github.commit(REPO, { branch: "main", message: "x", login: "alice", files: { "README.md": "x" } });
  expect(await answered(/Applied/)).toContain("`shop.prod/web` 3 → **5**");
});

it("a no to what was asked for under a former name is still one", { timeout: TIMEOUT }, async () => {
  for (const [open, value] of [[inRangePull, 4] as const, [gatedPull, 8] as const]) {
    const world = await open();
    const { alice, post, settled } = world;
    await alice("PATCH", "/pulls/1", { state: "closed" });
    await settled();
    await rename(world, settled);
    const held = await post(`${NEW}/scale/web`, { value });
    expect(held.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
    expect(held.results[0]?.reasons[0]?.message).toMatch(/^alice closed pull request #1/);
    const { results } = await post(`${NEW}/scale/web`, { value: 5 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 5 });
  }
});

it("a former name never takes the callers of a stack that has it now", { timeout: TIMEOUT }, async () => {
  const world = await startPullStates();
  const { github, post, putEntry, settled, sign } = world;
  await github.commit(REPO, {
    branch: "main",
    message: "another stack",
    login: "alice",
    files: {
      "Pulumi.test.yaml": STACK_FILE,
      ".github/pulumiscale.yml": "stacks:\n  shop.test: { formerAliases: [shop.prod] }\n",
    },
  });
  await putEntry(await sign(ledgerEntry({ stack: "test", publishedAt: LATER })), "shop.test");
  await settled();
  const { results } = await post(`${OLD}/scale/web`, { value: 4 });
  expect(results[0]).toMatchObject({ kind: "scale", stack: "shop.prod", to: 4 });
});

it("what is left in the ledger of a stack whose file is gone does not stand in the way", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startPullStates();
  const { github, post, putEntry, settled, sign } = world;
  await github.commit(REPO, {
    branch: "main",
    message: "the stack is called production",
    login: "alice",
    files: {
      "Pulumi.production.yaml": STACK_FILE,
      "Pulumi.prod.yaml": null,
      ".github/pulumiscale.yml": "stacks:\n  shop.production: { formerAliases: [shop.prod] }\n",
    },
  });
  await putEntry(await sign(ledgerEntry({ stack: "production", publishedAt: LATER })), "shop.production");
  await settled();
  const { results } = await post(`${OLD}/scale/web`, { value: 4 });
  expect(results[0]).toMatchObject({ kind: "scale", stack: "shop.production", to: 4 });
});

it("commands find a renamed stack by its former name, and its pauses hold until they are lifted", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startCommandWorld();
  const { ask, settled, stackFile } = world;
  await ask("/scale pause shop.prod for 2h");
  await rename(world, settled);
  expect(await ask("/scale shop.prod/web 5")).toMatch(/paused/);
  expect(await stackFile()).toBe(scaled(3));
  expect(await ask("/scale resume shop.prod")).toMatch(/store is resumed/);
  await ask("/scale shop.prod/web 5");
  await eventually(stackFile, (text) => text === scaled(5));
});
