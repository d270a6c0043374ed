import { expect, it } from "vitest";
import type { StackFile } from "../../src/domain/snapshot.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { asPerson } from "../support/as-person.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { startForge } from "./github-world.ts";

const REPO = "acme/infra";
const DAY_MS = 86_400_000;
const BEFORE = PLACE.path;
const NOW = "apps/Pulumi.prod.yaml";
const MOVED = { ...PLACE, path: NOW, formerPaths: [BEFORE] };

const text = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);
const webOf = (file: StackFile) =>
  file.kind === "text" ? Number(/webCount: "(\d+)"/.exec(file.text)?.[1]) : null;

const commit = (
  github: GitHubStandIn,
  files: Record<string, string | null>,
  message: string,
  branch = "main",
) => github.commit(REPO, { branch, files, message, login: "alice" });

async function readChanges(forge: Awaited<ReturnType<typeof startForge>>["forge"], place = MOVED) {
  const { history } = await forge.readSnapshot(place, DAY_MS);
  return history.map(({ message, before, after }) => [message.split("\n")[0], webOf(before), webOf(after)]);
}

it("a stack file's history at its former path is read in the same one call", async () => {
  const { github, forge } = await startForge();
  await commit(github, { [BEFORE]: text(4) }, "scale");
  await commit(github, { [BEFORE]: null, [NOW]: text(4) }, "move");
  await commit(github, { [NOW]: text(5) }, "scale again");
  const before = github.requests.length;
  expect(await readChanges(forge)).toEqual([
    ["scale again", 4, 5],
    ["move", 4, 4],
    ["scale", 3, 4],
    [expect.any(String), null, 3],
  ]);
  expect(github.requests.length - before).toBe(1);
  expect(github.violations).toEqual([]);
  expect((await readChanges(forge, { ...MOVED, formerPaths: [] })).length).toBe(2);
});

it("a former path's history is read on, page by page, as far as it matters", async () => {
  const { github, forge } = await startForge();
  for (let web = 1; web <= 25; web++) await commit(github, { [BEFORE]: text(100 + web) }, `scale ${web}`);
  await commit(github, { [BEFORE]: null, [NOW]: text(125) }, "move");
  const before = github.requests.length;
  const changes = await readChanges(forge);
  expect(changes.length).toBe(27);
  expect(changes.slice(0, 3)).toEqual([
    ["move", 125, 125],
    ["scale 25", 124, 125],
    ["scale 24", 123, 124],
  ]);
  expect(github.requests.length - before).toBe(2);
});

it("what was scaled while a pull request that moves the file was open is found, and its merge changes nothing", async () => {
  const { github, forge } = await startForge();
  const alice = asPerson(github, "alice");
  const main = (await github.readRef(REPO, "main")) ?? "";
  await alice("POST", "/git/refs", { ref: "refs/heads/move", sha: main });
  await commit(github, { [BEFORE]: null, [NOW]: text(3) }, "move", "move");
  await commit(github, { [BEFORE]: text(5) }, "scale");
  await alice("POST", "/pulls", { title: "Move it", head: "move", base: "main" });
  await alice("PUT", "/pulls/1/merge", { merge_method: "merge" });
  expect(await github.readFile(REPO, NOW)).toBe(text(5));
  const before = github.requests.length;
  expect(await readChanges(forge)).toEqual([
    ["Merge pull request #1 from acme/move", 5, 5],
    ["move", 3, 3],
    ["scale", 3, 5],
    [expect.any(String), null, 3],
  ]);
  expect(github.requests.length - before).toBe(2);
});
