import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const stack = (size: number): string => `config:\n  infra:size: ${size}\n`;

async function getPull(number: number) {
  return (await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number })).data;
}

function create(head: string, base = "main") {
  return scene.octokit.rest.pulls.create({ ...scene.repo, head, base, title: "title" });
}

test("a new pull request is open, of the App's bot, and not yet known to be mergeable", async () => {
  await scene.github.commit("octo/infra", { branch: "x", message: "x", files: { x: "x" } });
  const { data } = await create("x");
  expect(data).toMatchObject({ state: "open", merged: false, mergeable: null, mergeable_state: "unknown" });
  expect(data.user?.login).toBe("scaler[bot]");
  expect(await getPull(data.number)).toMatchObject({ mergeable: true, mergeable_state: "clean", commits: 1 });
});

test("what GitHub refuses to open says so in GitHub's words", async () => {
  await openPull(scene, "x", 4);
  expect(await refusal(create("x"))).toContain("A pull request already exists for octo:x.");
  await scene.octokit.rest.git.createRef({
    ...scene.repo,
    ref: "refs/heads/same",
    sha: String(await scene.github.readRef("octo/infra", "main")),
  });
  expect(await refusal(create("same"))).toContain("No commits between main and same");
  expect(await refusal(create("nowhere"))).toMatch(
    /^422 Validation Failed.*"field":"head".*"code":"invalid"/,
  );
  expect(await refusal(create("x", "nowhere"))).toMatch(/"field":"base".*"code":"invalid"/);
});

test("heads follow pushes; one that is moved back to the base is closed, not merged", async () => {
  const { number } = await openPull(scene, "x", 4);
  const next = await scene.github.commit("octo/infra", { branch: "x", message: "y", files: { y: "y" } });
  expect((await getPull(number)).head.sha).toBe(next);
  expect(await scene.github.readRef("octo/infra", `refs/pull/${number}/head`)).toBe(next);
  const sha = String(await scene.github.readRef("octo/infra", "main"));
  await scene.octokit.rest.git.updateRef({ ...scene.repo, ref: "heads/x", sha, force: true });
  expect(await getPull(number)).toMatchObject({ state: "closed", merged: false });
});

test("a pull request whose head reaches the base by a push is merged", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  await scene.octo.rest.git.updateRef({ ...scene.repo, ref: "heads/main", sha: head });
  const pull = await getPull(number);
  expect(pull).toMatchObject({ state: "closed", merged: true, merge_commit_sha: head });
  expect(pull.merged_by?.login).toBe("octo");
});

test("deleting the head closes; a closed one is reopened while its head stands", async () => {
  const { number } = await openPull(scene, "x", 4);
  const change = (state: "open" | "closed") =>
    scene.octokit.rest.pulls.update({ ...scene.repo, pull_number: number, state });
  await change("closed");
  await change("open");
  expect((await getPull(number)).state).toBe("open");
  await scene.octokit.rest.git.deleteRef({ ...scene.repo, ref: "heads/x" });
  expect((await getPull(number)).state).toBe("closed");
  expect(await refusal(change("open"))).toContain("The x branch has been deleted.");
});

test("a squash is one commit with the words that were given, and default words else", async () => {
  const first = await openPull(scene, "x", 4);
  const merge = { ...scene.repo, pull_number: first.number, merge_method: "squash" } as const;
  const { data } = await scene.octokit.rest.pulls.merge({
    ...merge,
    commit_title: "title",
    commit_message: "a: b",
  });
  const [newest] = await scene.github.readLog("octo/infra");
  expect(newest).toMatchObject({ oid: data.sha, message: "title\n\na: b" });
  expect(newest?.parents).toHaveLength(1);
  expect(newest?.committer).toEqual({ name: "GitHub", email: "noreply@github.com" });

  const second = await openPull(scene, "y", 5);
  await scene.github.commit("octo/infra", { branch: "y", message: "more\n\nof it", files: { z: "z" } });
  await scene.octokit.rest.pulls.merge({ ...merge, pull_number: second.number });
  const [squashed] = await scene.github.readLog("octo/infra");
  expect(squashed?.message).toBe(`scale: 5 (#${second.number})\n\n* scale to 5\n\n* more\n\nof it`);
});

test("a merge commit has two parents, and keeps what the base got meanwhile", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  const meanwhile = await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  const [newest] = await scene.github.readLog("octo/infra");
  expect(newest?.parents).toEqual([meanwhile, head]);
  expect(newest?.message).toBe(`Merge pull request #${number} from octo/x\n\nscale: 4`);
  expect(await scene.github.readFile("octo/infra", "other")).toBe("x");
  expect(await scene.github.readFile("octo/infra", "Pulumi.prod.yaml")).toBe(stack(4));
});

test("a rebase makes each commit anew on the base", async () => {
  const { number } = await openPull(scene, "x", 4);
  await scene.github.commit("octo/infra", { branch: "x", message: "second", files: { second: "2" } });
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number, merge_method: "rebase" });
  const log = await scene.github.readLog("octo/infra");
  expect(log.slice(0, 3).map(({ message }) => message)).toEqual(["second", "scale to 4", "meanwhile"]);
  expect(log[0]?.parents).toEqual([log[1]?.oid]);
});

test("conflicts, moved heads, drafts and forbidden methods are not merged", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  const merge = (more: object = {}) =>
    refusal(scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number, ...more }));
  expect(await merge({ sha: "1".repeat(40) })).toBe(
    "409 Head branch was modified. Review and try the merge again.",
  );
  scene.github.changeSettings("octo/infra", { allow_squash_merge: false });
  expect(await merge({ merge_method: "squash", sha: head })).toBe(
    "405 Squash merges are not allowed on this repository.",
  );
  await scene.github.commit("octo/infra", { message: "same line", files: { "Pulumi.prod.yaml": stack(9) } });
  expect(await getPull(number)).toMatchObject({ mergeable: false, mergeable_state: "dirty" });
  expect(await merge()).toBe("405 Pull Request is not mergeable");
  expect(await scene.github.readFile("octo/infra", "Pulumi.prod.yaml")).toBe(stack(9));
});

test("mergeability may stay unknown for some reads, and a merge is then refused", async () => {
  await using slow = await startOctoInfra({ options: { unknownMergeabilityReads: 2 } });
  const { number } = await openPull(slow, "x", 4);
  const get = async () =>
    (await slow.octokit.rest.pulls.get({ ...slow.repo, pull_number: number })).data.mergeable;
  expect(await get()).toBeNull();
  expect(await refusal(slow.octokit.rest.pulls.merge({ ...slow.repo, pull_number: number }))).toBe(
    "405 Base branch was modified. Review and try the merge again.",
  );
  expect(await get()).toBe(true);
});

test("a merge in the background is asked for, and its result read", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  const request = (route: string, more: object = {}) =>
    scene.octokit.request(route, { ...scene.repo, pull_number: number, ...more });
  const asked = await request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge-async", {
    merge_method: "squash",
    commit_title: "later",
    commit_message: "",
  });
  expect(asked.status).toBe(202);
  expect(asked.data.details).toMatchObject({ merge_method: "squash", expected_head_sha: head });
  const result = "GET /repos/{owner}/{repo}/pulls/{pull_number}/merge-async/{uuid}";
  await expect
    .poll(async () => (await request(result, { uuid: asked.data.details.uuid })).data.status)
    .toBe("merged");
  expect((await scene.github.readLog("octo/infra"))[0]?.message).toBe("later");
  const again = await request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge-async");
  expect([again.status, again.data.status]).toEqual([200, "merged"]);
});

test("required checks and approvals block, and each is satisfied by the right one only", async () => {
  scene.github.createUser("ann");
  scene.github.createUser("bob");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.addCollaborator("octo/infra", "bob", "read");
  scene.github.protect("octo/infra", "main", {
    requiredChecks: [{ context: "scale-guard", appId: scene.app.appId }],
    requiredApprovals: 1,
  });
  const { number, head } = await openPull(scene, "x", 4);
  const merge = () => scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number, sha: head });
  expect((await getPull(number)).mergeable_state).toBe("blocked");
  expect(await refusal(merge())).toBe(
    '405 Required status check "scale-guard" is expected. At least 1 approving review is required by reviewers with write access.',
  );
  // A plain status of the same name is not the App's check run.
  await scene.octo.rest.repos.createCommitStatus({
    ...scene.repo,
    sha: head,
    state: "success",
    context: "scale-guard",
  });
  expect(await refusal(merge())).toContain("scale-guard");
  await scene.octokit.rest.checks.create({
    ...scene.repo,
    name: "scale-guard",
    head_sha: head,
    status: "completed",
    conclusion: "success",
  });
  await scene.github.review("octo/infra", number, { login: "bob", state: "APPROVED" });
  expect(await refusal(merge())).toContain("At least 1 approving review");
  await scene.github.review("octo/infra", number, { login: "ann", state: "APPROVED" });
  expect((await merge()).data.merged).toBe(true);
});

test("a pushed head loses its approvals where the branch says so", async () => {
  scene.github.createUser("ann");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1, dismissStaleReviews: true });
  const { number } = await openPull(scene, "x", 4);
  await scene.github.review("octo/infra", number, { login: "ann", state: "APPROVED" });
  expect((await getPull(number)).mergeable_state).toBe("clean");
  await scene.github.commit("octo/infra", { branch: "x", message: "sneaked in", files: { y: "y" } });
  expect((await getPull(number)).mergeable_state).toBe("blocked");
  const reviews = await scene.octokit.rest.pulls.listReviews({ ...scene.repo, pull_number: number });
  expect(reviews.data.map(({ state }) => state)).toEqual(["DISMISSED"]);
});

test("a strict branch wants the newest base; updating the head brings it", async () => {
  scene.github.protect("octo/infra", "main", { strict: true });
  const { number } = await openPull(scene, "x", 4);
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  expect((await getPull(number)).mergeable_state).toBe("behind");
  await scene.octokit.rest.pulls.updateBranch({ ...scene.repo, pull_number: number });
  expect((await getPull(number)).mergeable_state).toBe("clean");
});

test("nobody approves their own pull request", async () => {
  const { number } = await openPull(scene, "x", 4);
  const review = { ...scene.repo, pull_number: number, event: "APPROVE" } as const;
  expect(await refusal(scene.octokit.rest.pulls.createReview(review))).toContain(
    "Review Can not approve your own pull request",
  );
  const approved = await scene.octo.rest.pulls.createReview(review);
  expect(approved.data.state).toBe("APPROVED");
  const dismissed = await scene.octo.rest.pulls.dismissReview({
    ...scene.repo,
    pull_number: number,
    review_id: approved.data.id,
    message: "no",
  });
  expect(dismissed.data.state).toBe("DISMISSED");
});

test("files, commits and the list of pull requests", async () => {
  const one = await openPull(scene, "x", 4);
  const two = await openPull(scene, "y", 5);
  const files = await scene.octokit.rest.pulls.listFiles({ ...scene.repo, pull_number: one.number });
  expect(files.data.map(({ filename, changes }) => `${filename} ${changes}`)).toEqual(["Pulumi.prod.yaml 2"]);
  const commits = await scene.octokit.rest.pulls.listCommits({ ...scene.repo, pull_number: one.number });
  expect(commits.data.map(({ sha }) => sha)).toEqual([one.head]);
  const list = async (more: object = {}) =>
    (await scene.octokit.rest.pulls.list({ ...scene.repo, ...more })).data.map(({ number }) => number);
  expect(await list()).toEqual([two.number, one.number]);
  expect(await list({ head: "octo:x" })).toEqual([one.number]);
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: one.number });
  expect(await list({ state: "closed" })).toEqual([one.number]);
  expect(await list({ state: "all", direction: "asc" })).toEqual([one.number, two.number]);
});

test("the head branch goes with the merge where the repository says so", async () => {
  scene.github.changeSettings("octo/infra", { delete_branch_on_merge: true });
  const { number } = await openPull(scene, "x", 4);
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main"]);
  expect((await getPull(number)).merged).toBe(true);
});

test("issues and pull requests share their numbers, labels and comments", async () => {
  const { issues } = scene.octokit.rest;
  const issue = await issues.create({ ...scene.repo, title: "an issue", labels: ["bug"] });
  const { number } = await openPull(scene, "x", 4);
  expect([issue.data.number, number]).toEqual([1, 2]);
  // The label is made on demand.
  const labels = await issues.addLabels({ ...scene.repo, issue_number: number, labels: ["needs-approval"] });
  expect(labels.data.map(({ name }) => name)).toEqual(["needs-approval"]);
  expect((await getPull(number)).labels.map(({ name }) => name)).toEqual(["needs-approval"]);
  await issues.setLabels({ ...scene.repo, issue_number: number, labels: ["other"] });
  await issues.removeLabel({ ...scene.repo, issue_number: number, name: "other" });
  expect((await issues.listLabelsOnIssue({ ...scene.repo, issue_number: number })).data).toEqual([]);
  expect(await refusal(issues.createLabel({ ...scene.repo, name: "bug" }))).toContain("already_exists");
  const comment = await issues.createComment({ ...scene.repo, issue_number: number, body: "first" });
  expect(comment.data.performed_via_github_app?.slug).toBe("scaler");
  await issues.updateComment({ ...scene.repo, comment_id: comment.data.id, body: "edited" });
  const comments = await issues.listComments({ ...scene.repo, issue_number: number });
  expect(comments.data.map(({ body }) => body)).toEqual(["edited"]);
  await issues.deleteComment({ ...scene.repo, comment_id: comment.data.id });
  expect((await issues.get({ ...scene.repo, issue_number: number })).data.comments).toBe(0);
  await issues.update({ ...scene.repo, issue_number: 1, state: "closed" });
  expect((await issues.listForRepo(scene.repo)).data.map((one) => one.number)).toEqual([number]);
});

test("people's roles are told", async () => {
  scene.github.createUser("ann");
  scene.github.createUser("stranger");
  scene.github.addCollaborator("octo/infra", "ann", "maintain");
  const roleOf = async (username: string) =>
    (await scene.octokit.rest.repos.getCollaboratorPermissionLevel({ ...scene.repo, username })).data;
  expect(await roleOf("ann")).toMatchObject({ permission: "write", role_name: "maintain" });
  expect(await roleOf("octo")).toMatchObject({ permission: "admin", role_name: "admin" });
  expect(await roleOf("stranger")).toMatchObject({ permission: "none" });
  const listed = await scene.octo.rest.repos.listCollaborators(scene.repo);
  expect(listed.data.map(({ login }) => login)).toEqual(["octo", "ann"]);
  const ann = octokitOf(scene.github, scene.github.issueToken({ kind: "user", login: "ann" }));
  expect((await ann.rest.users.getAuthenticated()).data.login).toBe("ann");
});
