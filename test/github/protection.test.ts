import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, headOf, idOfRepository } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
  for (const login of ["ann", "bob", "eve"]) scene.github.createUser(login);
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.addCollaborator("octo/infra", "bob", "write");
  scene.github.addCollaborator("octo/infra", "eve", "read");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const ci = { context: "ci", appId: null };
const lint = { context: "lint", appId: null };

function merge(number: number, octokit = scene.octokit) {
  return octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
}

function report(sha: string, context: string, state: "success" | "failure") {
  return scene.octokit.rest.repos.createCommitStatus({ ...scene.repo, sha, state, context });
}

function put(octokit = scene.octokit) {
  const content = Buffer.from("x").toString("base64");
  return octokit.rest.repos.createOrUpdateFileContents({ ...scene.repo, path: "x", message: "x", content });
}

function approve(number: number, login: string, commit?: string) {
  return scene.github.review("octo/infra", number, {
    login,
    state: "APPROVED",
    ...(commit === undefined ? {} : { commit }),
  });
}

test("one missing check is named, several are counted", async () => {
  scene.github.protect("octo/infra", "main", { requiredChecks: [ci, lint] });
  const { number, head } = await openPull(scene, "x", 4);
  expect(await refusal(merge(number))).toBe("405 2 of 2 required status checks are expected.");
  await report(head, "lint", "failure");
  expect(await refusal(merge(number))).toBe(
    "405 2 of 2 required status checks have not succeeded: 1 expected and 1 failing.",
  );
  await report(head, "ci", "success");
  expect(await refusal(merge(number))).toBe('405 Required status check "lint" is failing.');
});

test("on a strict branch what was said of an old head no longer counts", async () => {
  scene.github.protect("octo/infra", "main", { requiredChecks: [ci], strict: true });
  const { number, head } = await openPull(scene, "x", 4);
  await report(head, "ci", "success");
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  expect(await refusal(merge(number))).toBe('405 Required status check "ci" is expected.');
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data.mergeable_state).toBe("behind");
});

test("a ruleset refuses in words of its own", async () => {
  scene.github.protect("octo/infra", "main", {
    kind: "ruleset",
    requiredChecks: [ci],
    requiredApprovals: 1,
  });
  const { number } = await openPull(scene, "x", 4);
  expect(await refusal(merge(number))).toBe(
    '405 Repository rule violations found\n\nRequired status check "ci" is expected.\n\n' +
      "At least 1 approving review is required by reviewers with write access.\n\n",
  );
});

test("nobody pushes where a pull request is asked for, by no way that there is", async () => {
  scene.github.protect("octo/infra", "main", { kind: "ruleset", requirePullRequest: true });
  const text = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n";
  expect(await refusal(put())).toBe(`409 ${text}`);
  const sha = await scene.github.commit("octo/infra", { branch: "y", message: "y", files: { y: "y" } });
  const moved = scene.octokit.rest.git.updateRef({ ...scene.repo, ref: "heads/main", sha });
  expect(await refusal(moved)).toBe(`422 ${text}`);
  const update = await askGraphql(
    scene,
    `mutation($repo: ID!, $oid: GitObjectID!) {
      updateRefs(input: { repositoryId: $repo, refUpdates: [{ name: "refs/heads/main", afterOid: $oid }] })
      { clientMutationId } }`,
    { repo: await idOfRepository(scene), oid: sha },
  );
  expect(update.errors).toMatchObject([{ type: "UNPROCESSABLE", message: text }]);
  const main = await headOf(scene);
  expect((await commitOnMain(main)).errors).toMatchObject([{ message: text }]);
  scene.github.protect("octo/infra", "main", { requirePullRequest: true });
  expect((await commitOnMain(main)).errors).toMatchObject([{ type: "BRANCH_PROTECTION_RULE_VIOLATION" }]);
  expect(await headOf(scene)).toBe(main);
});

function commitOnMain(oid: string) {
  return askGraphql(
    scene,
    `mutation($oid: GitObjectID!) { createCommitOnBranch(input: {
      branch: { repositoryNameWithOwner: "octo/infra", branchName: "main" }
      message: { headline: "x" } expectedHeadOid: $oid
      fileChanges: { additions: [{ path: "x", contents: "eA==" }] }
    }) { commit { oid } } }`,
    { oid },
  );
}

test("an App on the bypass list merges and pushes, one for pull requests alone only merges", async () => {
  const rules = { requiredChecks: [ci], requiredApprovals: 1, enforceAdmins: true, kind: "ruleset" } as const;
  const bypass = (mode: "always" | "pull_request", appId = scene.app.appId) =>
    scene.github.protect("octo/infra", "main", { ...rules, bypassActors: [{ appId, mode }] });
  const { number } = await openPull(scene, "x", 4);
  bypass("always", 1);
  expect(await refusal(merge(number))).toContain("405 Repository rule violations found");
  bypass("pull_request");
  expect(await refusal(put())).toContain("409 Repository rule violations found");
  expect(await refusal(merge(number, scene.octo))).toContain("405 Repository rule violations found");
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data.mergeable_state).toBe("blocked");
  expect((await merge(number)).data.merged).toBe(true);
  bypass("always");
  expect((await put()).status).toBe(201);
});

test("a draft is not merged, not even by who may pass by the rules", async () => {
  scene.github.protect("octo/infra", "main", {
    requiredApprovals: 1,
    bypassActors: [{ appId: scene.app.appId, mode: "always" }],
  });
  const pull = await scene.github.openPull("octo/infra", {
    login: "ann",
    branch: "d",
    draft: "draft",
    files: { d: "d" },
  });
  expect(await refusal(merge(pull.number))).toBe("405 Pull Request is still a draft");
});

test("a check of an App is met by that App alone", async () => {
  scene.github.protect("octo/infra", "main", {
    requiredChecks: [{ context: "guard", appId: scene.app.appId }],
  });
  const { number, head } = await openPull(scene, "x", 4);
  const token = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { checks: "write" },
  });
  const check = { ...scene.repo, name: "guard", head_sha: head, conclusion: "success" } as const;
  await octokitOf(scene.github, token).rest.checks.create(check);
  expect(await refusal(merge(number))).toBe('405 Required status check "guard" is expected.');
  await scene.octokit.rest.checks.create(check);
  expect((await merge(number)).data.merged).toBe(true);
});

test("an approval goes with a push, but not with a merge of the base", async () => {
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1, dismissStaleReviews: true });
  const { number } = await openPull(scene, "x", 4);
  const id = await approve(number, "ann");
  const state = async () =>
    (await scene.octokit.rest.pulls.getReview({ ...scene.repo, pull_number: number, review_id: id })).data
      .state;
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  await scene.octokit.rest.pulls.updateBranch({ ...scene.repo, pull_number: number });
  expect(await state()).toBe("APPROVED");
  await scene.github.commit("octo/infra", { branch: "x", login: "bob", message: "y", files: { y: "y" } });
  expect(await state()).toBe("DISMISSED");
});

test("what was pushed last is approved by someone other than who pushed it", async () => {
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1, requireLastPushApproval: true });
  const { number, head } = await openPull(scene, "x", 4);
  await approve(number, "ann");
  await scene.github.commit("octo/infra", { branch: "x", login: "bob", message: "y", files: { y: "y" } });
  const other = "405 New changes require approval from someone other than the last pusher.";
  expect(await refusal(merge(number))).toBe(other);
  await approve(number, "bob");
  expect(await refusal(merge(number))).toBe(other);
  // A review of the head before the push does not cover it.
  await approve(number, "ann", head);
  expect(await refusal(merge(number))).toBe(other);
  await approve(number, "ann");
  expect((await merge(number)).data.merged).toBe(true);
});

test("the rules of a branch are listed as they are", async () => {
  scene.github.protect("octo/infra", "main", {
    kind: "ruleset",
    requirePullRequest: true,
    requireLastPushApproval: true,
    mergeQueue: { mergeMethod: "squash" },
  });
  const { data } = await scene.octokit.rest.repos.getBranchRules({ ...scene.repo, branch: "main" });
  expect(data).toMatchObject([
    {
      type: "pull_request",
      parameters: { required_approving_review_count: 0, require_last_push_approval: true },
    },
    { type: "merge_queue", parameters: { merge_method: "SQUASH" } },
  ]);
});
