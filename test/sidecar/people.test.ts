import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askToScale, endOfOperation, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { countOf } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

/** People who work in the same work tree while their stack is served, one after the other. */
let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  serve = await startServe(program);
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

const file = (name: string) => join(program.repository, name);
const head = async () => (await program.git("rev-parse", "HEAD")).trim();
/** A person's own editor: one value of the stack file, and nothing else. */
async function edit(from: string, to: string): Promise<void> {
  const text = await program.readStackFile();
  expect(text).toContain(from);
  writeFileSync(program.stackFile, text.replace(from, to));
}

test("staged, dirty and untracked files of a person survive a scale, and none of them is committed", async () => {
  writeFileSync(file("staged.txt"), "staged\n");
  await program.git("add", "staged.txt");
  writeFileSync(file("untracked.txt"), "untracked\n");
  const dirty = readFileSync(file("Pulumi.yaml"), "utf8").replace(
    "description: Pools",
    "description: My pools",
  );
  writeFileSync(file("Pulumi.yaml"), dirty);
  writeFileSync(program.stackFile, `${await program.readStackFile()}# a note that is not finished\n`);
  const before = await program.git("status", "--porcelain");

  const { result, operation } = await scaleToEnd(serve, "/scale/steady", { value: 2 });
  expect(operation.status).toBe("applied");
  expect(await program.git("status", "--porcelain")).toBe(before);
  expect(await program.git("show", "--format=", "--numstat", result.commit ?? "")).toBe(
    "1\t1\tPulumi.dev.yaml\n",
  );
  expect(readFileSync(file("Pulumi.yaml"), "utf8")).toBe(dirty);
  expect(await program.git("diff", "--cached", "--name-only")).toBe("staged.txt\n");
  expect(await program.git("diff", "Pulumi.dev.yaml")).toMatch(/^\+# a note that is not finished$/m);
  expect(await program.readStackFile()).toMatch(/steadyCount: "2"\n[\s\S]*# a note that is not finished\n$/);
  await program.git("restore", "--staged", "--worktree", ".");
  await program.git("clean", "--quiet", "--force");
}, 60_000);

test("a person's commit of a pool's value is found and applied, with the person's name in the history", async () => {
  await edit("slowCount: 2", "slowCount: 6");
  await program.git("commit", "--quiet", "--all", "--message=More of the slow ones");
  await expect.poll(() => countOf(program, "slow"), { timeout: 60_000 }).toBe(6);
  await expect.poll(async () => (await readPool(serve, "slow")).applied, { timeout: 30_000 }).toBe(6);
  const newest = { commit: await head(), from: 2, to: 6, by: "Ada", reasons: ["manual-change"] };
  expect(await serve.request("GET", "/pools/slow/history")).toMatchObject({
    json: { history: [newest, { from: null, to: 2 }] },
  });
}, 90_000);

test("an uncommitted edit of the pool's own value: 503 with what to do, and once it is committed the pool moves", async () => {
  await edit("slowCount: 6", "slowCount: 7");
  const before = await head();
  const busy = await serve.request("POST", "/scale/slow", { value: 9 });
  expect(busy.status).toBe(503);
  expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(busy.text).toMatch(/slowCount.* is 7 in the work tree's Pulumi\.dev\.yaml and 6 in the commit/);
  expect(busy.text).toContain("git restore Pulumi.dev.yaml");
  expect([await head(), await program.git("diff", "--name-only")]).toEqual([before, "Pulumi.dev.yaml\n"]);
  // It is in nobody's way elsewhere.
  expect((await scaleToEnd(serve, "/scale/steady", { value: 3 })).operation.status).toBe("applied");
  expect(await program.git("diff", "--name-only")).toBe("Pulumi.dev.yaml\n");
  expect(countOf(program, "slow")).toBe(6);

  await program.git("commit", "--quiet", "--all", "--message=Seven of the slow ones");
  await expect.poll(async () => (await readPool(serve, "slow")).applied, { timeout: 60_000 }).toBe(7);
  const { result, operation } = await scaleToEnd(serve, "/scale/slow", { value: 9 });
  expect([result.from, operation.status, countOf(program, "slow")]).toEqual([7, "applied", 9]);
}, 120_000);

test("another branch is checked out: 503, nothing is committed on either, and back again it works", async () => {
  const before = await head();
  await program.git("switch", "--quiet", "--create", "feature");
  writeFileSync(file("feature.txt"), "feature\n");
  await program.git("add", "feature.txt");
  await program.git("commit", "--quiet", "--message=Something else");
  const feature = await head();
  const answer = await serve.request("POST", "/scale/steady", { value: 5 });
  expect(answer.status).toBe(503);
  expect(answer.text).toContain("feature is checked out, and scaling commits to main. Run: git switch main.");
  expect([await head(), (await program.git("rev-parse", "main")).trim()]).toEqual([feature, before]);
  expect(await program.git("status", "--porcelain")).toBe("");
  await program.git("switch", "--quiet", "main");
  expect((await scaleToEnd(serve, "/scale/steady", { value: 5 })).operation.status).toBe("applied");
  expect(await program.git("rev-list", "--count", "main..feature")).toBe("1\n");
}, 60_000);

test("in the middle of a merge nothing is committed, and the merge is as it was", async () => {
  await program.git("merge", "--quiet", "--no-commit", "--no-ff", "feature");
  const before = [await head(), await program.git("status", "--porcelain")];
  const answer = await serve.request("POST", "/scale/steady", { value: 6 });
  expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("A merge is in progress")]);
  expect([await head(), await program.git("status", "--porcelain")]).toEqual(before);
  await program.git("commit", "--quiet", "--message=Merge feature");
  expect(await program.git("log", "-1", "--format=%p")).toMatch(/^\S+ \S+\n$/);
  const result = await askToScale(serve, "/scale/steady?wait=false", { value: 6 });
  expect(result).toMatchObject({ kind: "scale", from: 5, to: 6 });
  await endOfOperation(serve, result.commit ?? "");
}, 60_000);

test("a commit hook that refuses: the answer says what it said, and nothing is left behind", async () => {
  const hook = file(".git/hooks/commit-msg");
  writeFileSync(hook, '#!/bin/sh\necho "a ticket is missing in: $(head -n1 "$1")" >&2\nexit 1\n', {
    mode: 0o755,
  });
  const before = [await head(), await program.git("status", "--porcelain")];
  const answer = await serve.request("POST", "/scale/steady", { value: 8 });
  expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("a ticket is missing in")]);
  expect([await head(), await program.git("status", "--porcelain")]).toEqual(before);
  writeFileSync(hook, "#!/bin/sh\nexit 0\n");
  expect((await scaleToEnd(serve, "/scale/steady", { value: 8 })).operation.status).toBe("applied");
}, 60_000);

test("what a full pulumi up by hand has brought without a commit is found with the next apply, and taken back", async () => {
  const text = await program.readStackFile();
  const now = countOf(program, "fragile");
  await edit(`fragileCount: ${now}`, "fragileCount: 9");
  await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  writeFileSync(program.stackFile, text);
  expect(countOf(program, "fragile")).toBe(9);
  const { operation } = await scaleToEnd(serve, "/scale/steady", { value: 4 });
  expect(operation.status).toBe("applied");
  await expect.poll(() => countOf(program, "fragile"), { timeout: 20_000 }).toBe(now);
}, 60_000);
