import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, refusal, stackFile, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

async function headOf(branch = "main"): Promise<string> {
  const oid = await scene.github.readRef("octo/infra", branch);
  if (oid === null) throw new Error(`${branch} is missing`);
  return oid;
}

test("refs are read, listed, created, moved and deleted", async () => {
  const { git } = scene.octokit.rest;
  const sha = await headOf();
  await git.createRef({ ...scene.repo, ref: "refs/heads/scale/prod", sha });
  const read = await git.getRef({ ...scene.repo, ref: "heads/scale/prod" });
  expect(read.data.object).toMatchObject({ sha, type: "commit" });
  const matching = await git.listMatchingRefs({ ...scene.repo, ref: "heads/scale" });
  expect(matching.data.map(({ ref }) => ref)).toEqual(["refs/heads/scale/prod"]);
  const next = await scene.github.commit("octo/infra", { message: "next", files: { a: "a" } });
  await git.updateRef({ ...scene.repo, ref: "heads/scale/prod", sha: next });
  expect(await headOf("scale/prod")).toBe(next);
  expect(await refusal(git.updateRef({ ...scene.repo, ref: "heads/scale/prod", sha }))).toBe(
    "422 Update is not a fast forward",
  );
  await git.updateRef({ ...scene.repo, ref: "heads/scale/prod", sha, force: true });
  await git.deleteRef({ ...scene.repo, ref: "heads/scale/prod" });
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main"]);
});

test("a ref that exists, collides, or points to nothing is refused", async () => {
  const { git } = scene.octokit.rest;
  const sha = await headOf();
  const create = (ref: string, oid = sha) => refusal(git.createRef({ ...scene.repo, ref, sha: oid }));
  expect(await create("refs/heads/main")).toBe("422 Reference already exists");
  // Git cannot hold the branch main/x beside main.
  expect(await create("refs/heads/main/x")).toBe("422 Reference update failed");
  expect(await create("refs/heads/x", "1".repeat(40))).toBe("422 Object does not exist");
  expect(await create("refs/heads/x..y")).toContain("is not a valid ref name");
  expect(await refusal(git.getRef({ ...scene.repo, ref: "heads/none" }))).toBe("404 Not Found");
});

test("a tree on a base tree keeps everything else, and a commit of an App is verified", async () => {
  const { git } = scene.octokit.rest;
  const parent = await headOf();
  const tree = await git.createTree({
    ...scene.repo,
    base_tree: parent,
    tree: [
      { path: "dir/new.txt", mode: "100644", type: "blob", content: "new\n" },
      { path: "Pulumi.yaml", mode: "100644", type: "blob", sha: null },
    ],
  });
  const commit = await git.createCommit({
    ...scene.repo,
    message: "two changes",
    tree: tree.data.sha,
    parents: [parent],
  });
  expect(commit.data.verification.verified).toBe(true);
  expect(commit.data.author.email).toMatch(/^\d+\+scaler\[bot\]@users\.noreply\.github\.com$/);
  await git.updateRef({ ...scene.repo, ref: "heads/main", sha: commit.data.sha });
  const full = await git.getTree({ ...scene.repo, tree_sha: commit.data.sha, recursive: "1" });
  expect(full.data.tree.map(({ path }) => path)).toEqual(["Pulumi.prod.yaml", "dir", "dir/new.txt"]);
  expect(await scene.github.readFile("octo/infra", "Pulumi.prod.yaml")).toBe(stackFile);
});

test("a commit with an author of its own is not verified", async () => {
  const { git } = scene.octokit.rest;
  const parent = await git.getCommit({ ...scene.repo, commit_sha: await headOf() });
  const commit = await git.createCommit({
    ...scene.repo,
    message: "as somebody",
    tree: parent.data.tree.sha,
    parents: [parent.data.sha],
    author: { name: "Somebody", email: "somebody@example.com", date: "2026-01-02T03:04:05Z" },
  });
  expect(commit.data.verification).toMatchObject({ verified: false, reason: "unsigned" });
  expect(commit.data.author).toEqual({
    name: "Somebody",
    email: "somebody@example.com",
    date: "2026-01-02T03:04:05Z",
  });
});

test("whole trees are put and taken, and a missing path cannot be removed", async () => {
  const { git } = scene.octokit.rest;
  const base = await headOf();
  const root = await git.getTree({ ...scene.repo, tree_sha: base });
  const nested = await git.createTree({
    ...scene.repo,
    base_tree: base,
    tree: [{ path: "copy", mode: "040000", type: "tree", sha: root.data.sha }],
  });
  const all = await git.getTree({ ...scene.repo, tree_sha: nested.data.sha, recursive: "1" });
  expect(all.data.tree.map(({ path }) => path)).toContain("copy/Pulumi.yaml");
  const without = await git.createTree({
    ...scene.repo,
    base_tree: nested.data.sha,
    tree: [{ path: "copy", mode: "040000", type: "tree", sha: null }],
  });
  expect(without.data.sha).toBe(root.data.sha);
  const missing = git.createTree({
    ...scene.repo,
    base_tree: base,
    tree: [{ path: "nowhere", mode: "100644", type: "blob", sha: null }],
  });
  expect(await refusal(missing)).toBe("422 GitRPC::BadObjectState");
});

test("blobs keep every byte", async () => {
  const { git } = scene.octokit.rest;
  const bytes = Buffer.from([0, 255, 13, 10, 239, 187, 191]);
  const blob = await git.createBlob({ ...scene.repo, content: bytes.toString("base64"), encoding: "base64" });
  const read = await git.getBlob({ ...scene.repo, file_sha: blob.data.sha });
  expect(Buffer.from(read.data.content, "base64").equals(bytes)).toBe(true);
  expect(read.data.size).toBe(bytes.length);
});
