import { expect, it } from "vitest";
import { z } from "zod";
import type { LedgerEntry } from "../src/ledger/entry.ts";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock, REPO, startCommandWorld } from "./support/command-world.ts";
import { type AppWorld, ledgerEntry } from "./support/open-app-world.ts";
import { firingWith } from "./support/payloads.ts";
import { scaled } from "./support/pull-state-world.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const PROJECT = "name: shop\nruntime: yaml\n";
const BEFORE = "Pulumi.prod.yaml";

/** The ways in which a stack's file gets another path. */
const MOVES = {
  "another stack name": {
    alias: "shop.production",
    path: "Pulumi.production.yaml",
    settings: "stacks:\n  shop.production: { formerAliases: [shop.prod] }\n",
    entry: { stack: "production" },
    project: {},
  },
  "another folder": {
    alias: "store",
    path: "apps/shop/Pulumi.prod.yaml",
    settings: "stacks:\n  store: { dir: apps/shop, stack: prod, formerAliases: [shop.prod] }\n",
    entry: { dir: "apps/shop" },
    project: { "Pulumi.yaml": null, "apps/shop/Pulumi.yaml": PROJECT },
  },
  "another folder, and is called as before": {
    alias: "shop.prod",
    path: "apps/shop/Pulumi.prod.yaml",
    settings: "stacks:\n  shop.prod: { dir: apps/shop, stack: prod }\n",
    entry: { dir: "apps/shop", formerPaths: [BEFORE] },
    project: { "Pulumi.yaml": null, "apps/shop/Pulumi.yaml": PROJECT },
  },
} as const;
type Move = (typeof MOVES)[keyof typeof MOVES];
type World = Pick<AppWorld, "github" | "sign" | "putEntry"> & { settled: () => Promise<void> };

/** Somebody commits files. */
const commit = ({ github }: World, files: Record<string, string | null>, message: string) =>
  github.commit(REPO, { branch: "main", message, login: "alice", files });

/** The next deploy publishes the stack under its new name; what it published before stays. */
async function publishMoved(world: World, move: Move, over: Partial<LedgerEntry> = {}): Promise<void> {
  const entry = { publishedAt: "2026-02-01T12:00:00Z", ...move.entry, applied: { web: 5, api: 2 }, ...over };
  await world.putEntry(await world.sign(ledgerEntry(entry)), move.alias);
  await world.settled();
}

/** The stack is scaled to 5, and its file is moved as it stands. */
async function scaleAndMove(world: World & { ask: (body: string) => Promise<string> }, move: Move) {
  expect(await world.ask("/scale web 5")).toContain("`shop.prod/web` 3 → **5**");
  await eventually(
    () => world.github.readFile(REPO, BEFORE),
    (text) => text === scaled(5),
  );
  await world.settled();
  const { path, settings, project } = move;
  const files = { [path]: scaled(5), [BEFORE]: null, ".github/pulumiscale.yml": settings, ...project };
  await commit(world, files, "move the stack");
  await publishMoved(world, move);
}

/** What the pull requests say, newest first. */
async function readPullTexts({ github }: World): Promise<(string | null)[]> {
  const pulls = await asPerson(github, "alice")("GET", "/pulls?state=all");
  return z
    .array(z.object({ body: z.string().nullable() }))
    .parse(pulls)
    .map(({ body }) => body);
}

it.each(Object.entries(MOVES))(
  "a stack whose file has moved to %s keeps its history and cooldown",
  {
    timeout: TIMEOUT,
  },
  async (_, move) => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { ask, get, github, post, push } = world;
    await scaleAndMove(world, move);
    const route = `/repos/${REPO}/${move.alias}`;
    const { results } = await post(`${route}/scale/web`, { value: 3 });
    expect(results[0]).toMatchObject({ kind: "hold", stack: move.alias, reasons: [{ code: "cooldown" }] });
    const { answer } = await get(`${route}/pools/web/history`);
    expect(answer).toMatchObject({
      history: [
        { from: 3, to: 5, by: "alice", source: "comment" },
        { from: null, to: 3 },
      ],
    });
    expect(await ask("/scale history web")).toMatch(/\| 3 → 5 \| alice \|/);
    ahead(6);
    await push();
    const reads = () => github.requests.filter(({ operations }) => operations.includes("viewer")).length;
    const before = reads();
    await post(`${route}/scale/web?dryRun=true`, { value: 4 });
    expect(reads() - before).toBeLessThanOrEqual(1);
    expect(await ask("/scale undo web")).toContain(`\`${move.alias}/web\` 5 → **3**`);
    await eventually(
      () => github.readFile(REPO, move.path),
      (text) => text === STACK_FILE,
    );
  },
);

it("a stack that has moved twice keeps the history of both its former names", {
  timeout: TIMEOUT,
}, async () => {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld(options);
  const { ask, get, github, putEntry, settled, sign } = world;
  const between = MOVES["another folder"];
  await scaleAndMove(world, between);
  ahead(6);
  expect(await ask("/scale web 6")).toContain("`store/web` 5 → **6**");
  await eventually(
    () => github.readFile(REPO, between.path),
    (text) => text === scaled(6),
  );
  await settled();
  ahead(1);
  const settings = "stacks:\n  depot: { dir: depot, stack: prod, formerAliases: [shop.prod, store] }\n";
  const project = { "apps/shop/Pulumi.yaml": null, "depot/Pulumi.yaml": PROJECT };
  const files = { "depot/Pulumi.prod.yaml": scaled(6), [between.path]: null, ...project };
  await commit(world, { ...files, ".github/pulumiscale.yml": settings }, "move again");
  const entry = { dir: "depot", publishedAt: "2026-02-02T12:00:00Z", applied: { web: 6, api: 2 } };
  await putEntry(await sign(ledgerEntry(entry)), "depot");
  await settled();
  const { answer } = await get(`/repos/${REPO}/depot/pools/web/history`);
  expect(answer).toMatchObject({
    history: [
      { from: 5, to: 6, by: "alice", source: "comment" },
      { from: 3, to: 5, by: "alice", source: "comment" },
      { from: null, to: 3 },
    ],
  });
});

it("a stack that has moved, was renamed, and has moved again keeps the history of all its places", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startCommandWorld();
  const { get, putEntry, settled, sign } = world;
  await scaleAndMove(world, MOVES["another folder, and is called as before"]);
  const settings = "stacks:\n  depot: { dir: depot, stack: prod, formerAliases: [shop.prod] }\n";
  const project = { "apps/shop/Pulumi.yaml": null, "depot/Pulumi.yaml": PROJECT };
  const files = { "depot/Pulumi.prod.yaml": scaled(5), "apps/shop/Pulumi.prod.yaml": null, ...project };
  await commit(world, { ...files, ".github/pulumiscale.yml": settings }, "move again");
  const entry = { dir: "depot", publishedAt: "2026-02-02T12:00:00Z", applied: { web: 5, api: 2 } };
  await putEntry(await sign(ledgerEntry(entry)), "depot");
  await settled();
  const { answer } = await get(`/repos/${REPO}/depot/pools/web/history`);
  expect(answer).toMatchObject({
    history: [
      { from: 3, to: 5, by: "alice" },
      { from: null, to: 3 },
    ],
  });
});

it("a stack whose folder alone has moved is not scaled until it is published from there", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startCommandWorld();
  const { path, project, entry } = MOVES["another folder, and is called as before"];
  await commit(world, { [path]: STACK_FILE, [BEFORE]: null, ...project }, "move the folder");
  await world.settled();
  const { results } = await world.post(`/repos/${REPO}/shop.prod/scale/web`, { value: 4 });
  expect(results[0]).toMatchObject({ kind: "refuse", reasons: [{ code: "stack-file" }] });
  await world.publish({ ...entry, publishedAt: "2026-02-01T12:00:00Z" });
  await world.settled();
  const later = await world.post(`/repos/${REPO}/shop.prod/scale/web`, { value: 4 });
  expect(later.results[0]).toMatchObject({ kind: "scale", from: 3, to: 4 });
});

it("the history of a former path at which another stack has its file now is not read", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startCommandWorld();
  const { ask, get, putEntry, settled, sign } = world;
  await ask("/scale web 5");
  await settled();
  const move = MOVES["another folder, and is called as before"];
  const files = { [move.path]: scaled(5), "apps/shop/Pulumi.yaml": PROJECT };
  await commit(world, { ...files, "Pulumi.yaml": PROJECT.replace("shop", "front") }, "another project");
  await putEntry(await sign(ledgerEntry({ project: "front" })), "front.prod");
  await publishMoved(world, move);
  const { answer } = await get(`/repos/${REPO}/shop.prod/pools/web/history`);
  expect(answer).toMatchObject({ history: [{ from: null, to: 5 }] });
});

it("an alert that was answered before the file has moved is answered no second time", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startCommandWorld();
  const { github, post, settled } = world;
  const labels = { pulumiscale_stack: "shop.prod", pulumiscale_pool: "web" };
  const alert = firingWith({ labels, annotations: { pulumiscale_delta: "1" } });
  const first = await post(`/repos/${REPO}/webhook/prometheus`, alert);
  expect(first.results[0]).toMatchObject({ kind: "scale", to: 4 });
  await eventually(
    () => github.readFile(REPO, BEFORE),
    (text) => text === scaled(4),
  );
  await settled();
  const { path, settings } = MOVES["another stack name"];
  await commit(world, { [path]: scaled(4), [BEFORE]: null, ".github/pulumiscale.yml": settings }, "move");
  await publishMoved(world, MOVES["another stack name"], { applied: { web: 4, api: 2 } });
  const { results } = await post(`/repos/${REPO}/webhook/prometheus`, alert);
  expect(results[0]).toMatchObject({
    kind: "hold",
    stack: "shop.production",
    reasons: [{ code: "duplicate" }],
  });
});

it("the chart of a pull request goes back to before the file has moved", { timeout: TIMEOUT }, async () => {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld(options);
  await scaleAndMove(world, MOVES["another folder"]);
  ahead(6);
  expect(await world.ask("/scale web 4")).toContain("5 → **4**");
  const bodies = await readPullTexts(world);
  expect(bodies[0]).toContain("**The last 2 changes of `web`**");
  expect(bodies[0]).toContain("  line [3, 5]");
});

it("a file that is deleted, and added elsewhere later, is the same", { timeout: TIMEOUT }, async () => {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld(options);
  const { ask, get, post, settled } = world;
  await ask("/scale web 5");
  await settled();
  const { alias, path, settings } = MOVES["another stack name"];
  ahead(1);
  await commit(world, { [BEFORE]: null }, "take it away");
  ahead(1);
  await commit(world, { [path]: scaled(5), ".github/pulumiscale.yml": settings }, "put it there");
  await publishMoved(world, MOVES["another stack name"]);
  const { results } = await post(`/repos/${REPO}/${alias}/scale/web`, { value: 3 });
  expect(results[0]?.reasons[0]?.message).toMatch(/the pool was scaled 3 → 5/);
  const { answer } = await get(`/repos/${REPO}/${alias}/pools/web/history`);
  expect(answer).toMatchObject({
    history: [
      { from: 3, to: 5 },
      { from: null, to: 3 },
    ],
  });
});

it("a value that a move has changed is a change by hand", { timeout: TIMEOUT }, async () => {
  const world = await startCommandWorld();
  const { get, post } = world;
  const { alias, path, settings } = MOVES["another stack name"];
  await commit(world, { [path]: scaled(7), [BEFORE]: null, ".github/pulumiscale.yml": settings }, "move");
  await publishMoved(world, MOVES["another stack name"], { applied: { web: 7, api: 2 } });
  const { results } = await post(`/repos/${REPO}/${alias}/scale/web`, { value: 4 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "manual-change" }] });
  const { answer } = await get(`/repos/${REPO}/${alias}/pools/web/history`);
  expect(answer).toMatchObject({
    history: [
      { from: 3, to: 7, by: "alice", source: null },
      { from: null, to: 3 },
    ],
  });
});

it.each([
  ["of a stack that lives", { [BEFORE]: scaled(5) }, true],
  ["that nobody has signed", { [BEFORE]: null }, false],
] as const)(
  "the history of a former name %s is not read",
  { timeout: TIMEOUT },
  async (_, files, isSigned) => {
    const world = await startCommandWorld();
    const { ask, get, post, putEntry, settled } = world;
    await ask("/scale web 5");
    await settled();
    const { alias, path, settings } = MOVES["another stack name"];
    await commit(
      world,
      { [path]: scaled(5), ...files, ".github/pulumiscale.yml": settings },
      "another stack",
    );
    if (!isSigned) await putEntry(ledgerEntry());
    await publishMoved(world, MOVES["another stack name"]);
    const { answer } = await get(`/repos/${REPO}/${alias}/pools/web/history`);
    expect(answer).toMatchObject({ history: [{ from: null, to: 5 }] });
    const { results } = await post(`/repos/${REPO}/${alias}/scale/web`, { value: 3 });
    expect(results[0]).toMatchObject({ kind: "scale", from: 5, to: 3 });
  },
);
