import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, headOf } from "./ask-graphql.ts";
import { type OctoInfra, openPull, refusal, stackFile, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
const repo = "octo/infra";
const rule = "Commits must have verified signatures.";

beforeEach(async () => {
  scene = await startOctoInfra();
  scene.github.createUser("ann");
  scene.github.addCollaborator(repo, "ann", "write");
  scene.github.protect(repo, "main", { kind: "ruleset", requireSignatures: true, enforceAdmins: true });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

/** A commit of the App's, on a branch of its own where one is named. */
async function commitOfApp(content: string, branch?: string): Promise<string> {
  const { git } = scene.octokit.rest;
  const parent = await headOf(scene);
  const blob = await git.createBlob({ ...scene.repo, content });
  const entry = { path: "Pulumi.prod.yaml", mode: "100644", type: "blob", sha: blob.data.sha } as const;
  const tree = await git.createTree({ ...scene.repo, base_tree: parent, tree: [entry] });
  const made = { ...scene.repo, message: "scale", tree: tree.data.sha, parents: [parent] };
  const { sha } = (await git.createCommit(made)).data;
  if (branch !== undefined) await git.createRef({ ...scene.repo, ref: `refs/heads/${branch}`, sha });
  return sha;
}

test("an App's commits come in, made through REST without an author or through GraphQL", async () => {
  const sha = await commitOfApp(stackFile.replace("3", "4"));
  await scene.octokit.rest.git.updateRef({ ...scene.repo, ref: "heads/main", sha });
  const { data } = await scene.octokit.rest.repos.getCommit({ ...scene.repo, ref: "main" });
  expect([data.sha, data.commit.verification?.verified]).toEqual([sha, true]);
  const contents = Buffer.from(stackFile).toString("base64");
  const { errors } = await askGraphql(
    scene,
    `mutation { createCommitOnBranch(input: {
      branch: { repositoryNameWithOwner: "${repo}", branchName: "main" }, expectedHeadOid: "${sha}",
      message: { headline: "back" }, fileChanges: { additions: [{ path: "Pulumi.prod.yaml", contents: "${contents}" }] }
    }) { commit { oid } } }`,
  );
  expect(errors).toBeUndefined();
  expect(await scene.github.readFile(repo, "Pulumi.prod.yaml")).toBe(stackFile);
});

test("a commit in somebody's name is no verified one, and does not come in", async () => {
  const parent = await headOf(scene);
  const { data: base } = await scene.octokit.rest.git.getCommit({ ...scene.repo, commit_sha: parent });
  const { data: made } = await scene.octokit.rest.git.createCommit({
    ...scene.repo,
    message: "named",
    tree: base.tree.sha,
    parents: [parent],
    author: { name: "Ann", email: "ann@example.com" },
  });
  const update = { ...scene.repo, ref: "heads/main", sha: made.sha };
  expect(await refusal(scene.octokit.rest.git.updateRef(update))).toMatch(
    /^422 .*rule violations.*verified/s,
  );
  expect(await headOf(scene)).toBe(parent);
});

test("a pull request with a commit that is not signed is blocked; one of the App's own it squashes, and does not rebase", async () => {
  const { number } = await openPull(scene, "x", 4);
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect([data.mergeable, data.mergeable_state]).toEqual([true, "blocked"]);
  const merge = (pull: number, merge_method: "squash" | "rebase", as = scene.octokit) =>
    as.rest.pulls.merge({ ...scene.repo, pull_number: pull, merge_method });
  expect(await refusal(merge(number, "squash"))).toContain(rule);

  await commitOfApp(stackFile.replace("3", "5"), "scale/prod");
  const own = await scene.octokit.rest.pulls.create({
    ...scene.repo,
    title: "scale",
    head: "scale/prod",
    base: "main",
  });
  expect(await refusal(merge(own.data.number, "rebase"))).toContain("Rebase merges cannot be");
  expect(await refusal(merge(own.data.number, "squash", scene.octo))).toContain(rule);
  const { sha } = (await merge(own.data.number, "squash")).data;
  const { data: made } = await scene.octokit.rest.repos.getCommit({ ...scene.repo, ref: sha });
  expect(made.commit.verification?.verified).toBe(true);
});

test("it is read as a rule of a ruleset, and as a part of branch protection", async () => {
  const { data: rules } = await scene.octokit.rest.repos.getBranchRules({ ...scene.repo, branch: "main" });
  expect(rules.map(({ type }) => type)).toEqual(["required_signatures"]);
  scene.github.protect(repo, "main", { requireSignatures: true });
  const { data } = await scene.octo.rest.repos.getBranchProtection({ ...scene.repo, branch: "main" });
  expect(data.required_signatures?.enabled).toBe(true);
});
