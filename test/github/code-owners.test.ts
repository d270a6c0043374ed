import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
const repo = "octo/infra";

beforeEach(async () => {
  scene = await startOctoInfra();
  for (const login of ["ann", "ben"]) {
    scene.github.createUser(login);
    scene.github.addCollaborator(repo, login, "write");
  }
  await scene.github.commit(repo, {
    files: {
      ".github/CODEOWNERS": "# who\n*.md @ben\n*.yaml @ben\n/Pulumi.*.yaml @ann\n/docs/ @ben # all\n",
    },
    message: "owners",
  });
  scene.github.protect(repo, "main", { kind: "ruleset", requireCodeOwnerReview: true });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

test("what has owners merges once one of the last line's that matches has approved it", async () => {
  const { number } = await openPull(scene, "x", 4);
  const merge = () => refusal(scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number }));
  const waiting = "Waiting on code owner review from ann.";
  expect(await merge()).toContain(waiting);
  await scene.github.review(repo, number, { login: "ben", state: "APPROVED" });
  expect(await merge()).toContain(waiting);
  const read = `{ repository(owner: "octo", name: "infra") { pullRequest(number: ${number}) { reviewDecision } } }`;
  expect((await askGraphql(scene, read)).data).toEqual({
    repository: { pullRequest: { reviewDecision: "REVIEW_REQUIRED" } },
  });
  await scene.github.review(repo, number, { login: "ann", state: "APPROVED" });
  expect((await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number })).status).toBe(200);
});

test("what has no owner needs nobody's review, and a whole folder may have one", async () => {
  const open = (branch: string, path: string) =>
    scene.github.openPull(repo, { login: "ann", branch, files: { [path]: "1" } });
  const free = await open("free", "src/docs.txt");
  expect((await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: free.number })).status).toBe(
    200,
  );
  const owned = await open("owned", "docs/a/b.txt");
  expect(
    await refusal(scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: owned.number })),
  ).toContain("Waiting on code owner review from ben.");
});

test("it is read as a part of the rule on pull requests", async () => {
  const { data } = await scene.octokit.rest.repos.getBranchRules({ ...scene.repo, branch: "main" });
  expect(data).toMatchObject([{ type: "pull_request", parameters: { require_code_owner_review: true } }]);
});

test("people and teams may stand on a bypass list, and GitHub names them by their ids", async () => {
  scene.github.createOrganization("acme");
  scene.github.createUser("olga");
  scene.github.addMember("acme", "olga", "admin");
  for (const login of ["ann", "ben"]) scene.github.addMember("acme", login);
  scene.github.createTeam("acme", "ops", ["ben"]);
  await scene.github.createRepository({ owner: "acme", name: "infra", files: { "a.md": "1" } });
  scene.github.setBasePermission("acme", "write");
  scene.github.protect("acme/infra", "main", {
    kind: "ruleset",
    requiredApprovals: 1,
    enforceAdmins: true,
    bypassActors: [
      { team: "ops", mode: "pull_request" },
      { login: "ann", mode: "always" },
    ],
  });
  const as = (login: string) =>
    octokitOf(scene.github, scene.github.issueToken({ kind: "user", login })).rest;
  const where = { owner: "acme", repo: "infra" };
  const [ruleset] = (await as("olga").repos.getRepoRulesets(where)).data;
  const read = { ...where, ruleset_id: ruleset?.id ?? 0 };
  const { data } = await as("olga").repos.getRepoRuleset(read);
  const [team] = (await as("olga").teams.list({ org: "acme" })).data;
  const { data: ann } = await as("olga").users.getByUsername({ username: "ann" });
  expect(data.bypass_actors).toEqual([
    { actor_id: team?.id, actor_type: "Team", bypass_mode: "pull_request" },
    { actor_id: ann.id, actor_type: "User", bypass_mode: "always" },
  ]);
  expect((await as("ben").repos.getRepoRuleset(read)).data.current_user_can_bypass).toBe(
    "pull_requests_only",
  );

  const { number } = await scene.github.openPull("acme/infra", {
    login: "olga",
    branch: "x",
    files: { "b.md": "1" },
  });
  expect(await refusal(as("olga").pulls.merge({ ...where, pull_number: number }))).toMatch(/^405/);
  expect((await as("ben").pulls.merge({ ...where, pull_number: number })).status).toBe(200);
  const put = { ...where, path: "c.md", message: "c", content: "MQ==" };
  expect(await refusal(as("ben").repos.createOrUpdateFileContents(put))).toMatch(/^4/);
  expect((await as("ann").repos.createOrUpdateFileContents(put)).status).toBe(201);
});
