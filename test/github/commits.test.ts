import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

test("commits are listed by path, paged, with a Link header", async () => {
  for (const size of [4, 5, 6]) {
    await scene.github.commit("octo/infra", {
      message: `size ${size}`,
      files: { "Pulumi.prod.yaml": `${size}\n` },
    });
    await scene.github.commit("octo/infra", { message: "elsewhere", files: { other: `${size}\n` } });
  }
  const path = "Pulumi.prod.yaml";
  const all = await scene.octokit.paginate(scene.octokit.rest.repos.listCommits, {
    ...scene.repo,
    path,
    per_page: 3,
  });
  expect(all.map(({ commit }) => commit.message)).toEqual(["size 6", "size 5", "size 4", "Initial commit"]);
  const first = await scene.octokit.rest.repos.listCommits({ ...scene.repo, path, per_page: 3 });
  expect(first.headers.link).toContain('rel="next"');
  expect(first.headers.link).toContain('rel="last"');
  expect(all[0]?.author?.login).toBe("octo");
});

test("a commit shows what it changed, as a whole and as text", async () => {
  const sha = await scene.github.commit("octo/infra", {
    message: "size 4",
    files: { "Pulumi.prod.yaml": "config:\n  infra:size: 4\n", new: "x\n", "Pulumi.yaml": null },
  });
  const { data } = await scene.octokit.rest.repos.getCommit({ ...scene.repo, ref: "main" });
  expect(data.sha).toBe(sha);
  expect(data.stats).toEqual({ total: 4, additions: 2, deletions: 2 });
  expect(data.files?.map(({ filename, status }) => `${status} ${filename}`)).toEqual([
    "modified Pulumi.prod.yaml",
    "removed Pulumi.yaml",
    "added new",
  ]);
  expect(data.files?.[0]?.patch).toContain("-  infra:size: 3\n+  infra:size: 4");
});

test("a comparison counts both sides and shows the files of the head alone", async () => {
  const base = String(await scene.github.readRef("octo/infra", "main"));
  await openPull(scene, "scale/prod", 4);
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x\n" } });
  const compare = async (basehead: string) =>
    (await scene.octokit.rest.repos.compareCommitsWithBasehead({ ...scene.repo, basehead })).data;
  const diverged = await compare("main...scale/prod");
  expect(diverged).toMatchObject({ status: "diverged", ahead_by: 1, behind_by: 1 });
  expect(diverged.merge_base_commit.sha).toBe(base);
  expect(diverged.files?.map(({ filename }) => filename)).toEqual(["Pulumi.prod.yaml"]);
  expect(await compare("main...main")).toMatchObject({ status: "identical", ahead_by: 0 });
  expect(await compare(`${base}...main`)).toMatchObject({ status: "ahead", ahead_by: 1 });
  expect(await refusal(compare("main...nowhere"))).toBe("404 Not Found");
});

test("branches are read, with whether they are protected", async () => {
  scene.github.protect("octo/infra", "main", {
    kind: "ruleset",
    requiredChecks: [{ context: "ci", appId: null }],
  });
  const { data } = await scene.octokit.rest.repos.getBranch({ ...scene.repo, branch: "main" });
  expect(data.protected).toBe(true);
  expect(data.protection.required_status_checks?.contexts).toEqual(["ci"]);
  const rules = await scene.octokit.rest.repos.getBranchRules({ ...scene.repo, branch: "main" });
  expect(rules.data).toMatchObject([
    { type: "required_status_checks", parameters: { required_status_checks: [{ context: "ci" }] } },
  ]);
  const branches = await scene.octokit.rest.repos.listBranches(scene.repo);
  expect(branches.data.map(({ name }) => name)).toEqual(["main"]);
  expect(await refusal(scene.octokit.rest.repos.getBranch({ ...scene.repo, branch: "x/y" }))).toBe(
    "404 Branch not found",
  );
});

test("commit comments are created, listed, edited and deleted", async () => {
  const commit_sha = String(await scene.github.readRef("octo/infra", "main"));
  const { repos } = scene.octokit.rest;
  const created = await repos.createCommitComment({ ...scene.repo, commit_sha, body: "applied" });
  expect(created.data.user?.login).toBe("scaler[bot]");
  await repos.updateCommitComment({ ...scene.repo, comment_id: created.data.id, body: "applied twice" });
  const listed = await repos.listCommentsForCommit({ ...scene.repo, commit_sha });
  expect(listed.data.map(({ body }) => body)).toEqual(["applied twice"]);
  await repos.deleteCommitComment({ ...scene.repo, comment_id: created.data.id });
  expect((await repos.listCommentsForCommit({ ...scene.repo, commit_sha })).data).toEqual([]);
});

test("a merged pull request is found from each commit that it brought", async () => {
  const { number, head } = await openPull(scene, "scale/prod", 4);
  const pullsOf = async (commit_sha: string) =>
    (
      await scene.octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...scene.repo, commit_sha })
    ).data.map((pull) => pull.number);
  expect(await pullsOf(head)).toEqual([number]);
  const merged = await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  expect(await pullsOf(head)).toEqual([number]);
  expect(await pullsOf(merged.data.sha)).toEqual([number]);
});
