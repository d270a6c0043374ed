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

async function installed(permissions: Record<string, "read" | "write">) {
  const slug = `app-${Object.keys(permissions).join("-").replaceAll("_", "-")}`;
  const app = await scene.github.createApp({ slug, permissions, events: [] });
  return octokitOf(scene.github, scene.github.installApp(app, "octo", "all").issueToken());
}

test("a ruleset is read with what it asks, and its bypass list by those alone who may write it", async () => {
  scene.github.protect("octo/infra", "main", {
    kind: "ruleset",
    requiredChecks: [{ context: "ci", appId: scene.app.appId }],
    bypassActors: [{ appId: scene.app.appId, mode: "pull_request" }],
  });
  scene.github.protect("octo/infra", "next", { requiredApprovals: 1 });
  const { data: rulesets } = await scene.octokit.rest.repos.getRepoRulesets(scene.repo);
  expect(rulesets).toMatchObject([{ name: "Rules of main", source: "octo/infra", enforcement: "active" }]);
  const wanted = { ...scene.repo, ruleset_id: rulesets[0]?.id ?? 0 };
  const { data } = await scene.octokit.rest.repos.getRepoRuleset(wanted);
  expect(data).toMatchObject({
    conditions: { ref_name: { include: ["refs/heads/main"] } },
    current_user_can_bypass: "pull_requests_only",
    rules: [
      {
        type: "required_status_checks",
        parameters: { required_status_checks: [{ context: "ci", integration_id: scene.app.appId }] },
      },
    ],
  });
  expect(data).not.toHaveProperty("bypass_actors");
  const admin = await installed({ administration: "write" });
  const seen = (await admin.rest.repos.getRepoRuleset(wanted)).data;
  expect(seen).toMatchObject({
    current_user_can_bypass: "never",
    bypass_actors: [{ actor_type: "Integration", actor_id: scene.app.appId, bypass_mode: "pull_request" }],
  });
  expect(await refusal(admin.rest.repos.getRepoRuleset({ ...wanted, ruleset_id: 1 }))).toBe("404 Not Found");
});

test("a branch whose history stays takes what follows on it, and nothing else", async () => {
  const { github, octokit, repo } = scene;
  github.protect("octo/infra", "main", { kind: "ruleset", blockForcePushes: true });
  const { data: rules } = await octokit.rest.repos.getBranchRules({ ...repo, branch: "main" });
  expect(rules.map(({ type }) => type)).toEqual(["deletion", "non_fast_forward"]);
  const first = await github.readRef("octo/infra", "main");
  const next = await github.commit("octo/infra", { message: "next", files: { next: "1" } });
  const move = (sha: string | null, force: boolean) =>
    refusal(octokit.rest.git.updateRef({ ...repo, ref: "heads/main", sha: sha ?? "", force }));
  expect(await move(first, true)).toContain("Cannot force-push to this branch");
  expect(await github.readRef("octo/infra", "main")).toBe(next);
});

test("a branch to which some Apps alone may push takes it from nobody else", async () => {
  const { github, octokit, repo, app } = scene;
  const sha = await github.commit("octo/infra", { branch: "next", message: "next", files: { next: "1" } });
  const move = () => octokit.rest.git.updateRef({ ...repo, ref: "heads/main", sha });
  github.protect("octo/infra", "main", { pushers: [] });
  expect(await refusal(move())).toContain("not authorized to push to this branch");
  github.protect("octo/infra", "main", { pushers: [app.appId] });
  expect((await move()).data.object.sha).toBe(sha);
  const reader = await installed({ administration: "read" });
  const { data } = await reader.rest.repos.getBranchProtection({ ...repo, branch: "main" });
  expect(data.restrictions?.apps?.map(({ id }) => id)).toEqual([app.appId]);
});

test("branch protection is no ruleset, and is read with a permission of its own", async () => {
  const { github, octokit, repo } = scene;
  github.protect("octo/infra", "main", {
    requiredChecks: [{ context: "ci", appId: null }],
    requiredApprovals: 2,
    enforceAdmins: true,
    bypassActors: [{ appId: scene.app.appId, mode: "always" }],
  });
  expect((await octokit.rest.repos.getBranchRules({ ...repo, branch: "main" })).data).toEqual([]);
  const branch = { ...repo, branch: "main" };
  expect(await refusal(octokit.rest.repos.getBranchProtection(branch))).toBe(
    "403 Resource not accessible by integration",
  );
  const reader = await installed({ administration: "read" });
  expect((await reader.rest.repos.getBranchProtection(branch)).data).toMatchObject({
    required_status_checks: { contexts: ["ci"], strict: false },
    required_pull_request_reviews: {
      required_approving_review_count: 2,
      bypass_pull_request_allowances: { apps: [{ slug: "scaler" }] },
    },
    enforce_admins: { enabled: true },
  });
  github.protect("octo/infra", "main", { kind: "ruleset", requiredApprovals: 2 });
  expect(await refusal(reader.rest.repos.getBranchProtection(branch))).toBe("404 Branch not protected");
});

test("a ruleset that is only evaluated binds nobody", async () => {
  const { number } = await openPull(scene, "x", 4);
  const rules = { kind: "ruleset", requiredApprovals: 1 } as const;
  scene.github.protect("octo/infra", "main", rules);
  const merge = () => scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  expect(await refusal(merge())).toContain("405");
  scene.github.protect("octo/infra", "main", { ...rules, enforcement: "evaluate" });
  expect((await scene.octokit.rest.repos.getBranchRules({ ...scene.repo, branch: "main" })).data).toEqual([]);
  expect((await merge()).data.merged).toBe(true);
});

test("environments tell what holds a job back, to who may read Actions", async () => {
  const { github } = scene;
  github.createOrganization("acme");
  github.createUser("ann");
  github.createTeam("acme", "ops", ["ann"]);
  await github.createRepository({ owner: "acme", name: "infra", files: { a: "a" } });
  github.createEnvironment("acme/infra", { name: "plain" });
  github.createEnvironment("acme/infra", {
    name: "prod/eu",
    reviewers: ["ann", "team:ops"],
    waitMinutes: 5,
    branches: "protected",
  });
  const app = await github.createApp({ slug: "reader", permissions: { actions: "read" }, events: [] });
  const octokit = octokitOf(github, github.installApp(app, "acme", "all").issueToken());
  const repo = { owner: "acme", repo: "infra" };
  const { data } = await octokit.rest.repos.getAllEnvironments(repo);
  expect(data).toMatchObject({
    total_count: 2,
    environments: [
      { name: "plain", protection_rules: [], deployment_branch_policy: null },
      {
        name: "prod/eu",
        protection_rules: [
          { type: "wait_timer", wait_timer: 5 },
          {
            type: "required_reviewers",
            reviewers: [
              { type: "User", reviewer: { login: "ann" } },
              { type: "Team", reviewer: { slug: "ops" } },
            ],
          },
          { type: "branch_policy" },
        ],
        deployment_branch_policy: { protected_branches: true },
      },
    ],
  });
  const one = await octokit.rest.repos.getEnvironment({ ...repo, environment_name: "prod/eu" });
  expect(one.data.name).toBe("prod/eu");
  const none = octokit.rest.repos.getEnvironment({ ...repo, environment_name: "none" });
  expect(await refusal(none)).toBe("404 Not Found");
  expect(await refusal(scene.octokit.rest.repos.getAllEnvironments(scene.repo))).toBe(
    "403 Resource not accessible by integration",
  );
});

test("how a repository merges is told to those who may write its contents", async () => {
  scene.github.changeSettings("octo/infra", { allow_auto_merge: true });
  const { data } = await scene.octokit.rest.repos.get(scene.repo);
  expect(data.allow_auto_merge).toBe(true);
  const reader = await installed({ contents: "read" });
  expect((await reader.rest.repos.get(scene.repo)).data).not.toHaveProperty("allow_auto_merge");
});
