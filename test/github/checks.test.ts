import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let sha: string;

beforeEach(async () => {
  scene = await startOctoInfra();
  sha = await scene.github.commit("octo/infra", { message: "pushed", files: { a: "a" } });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

test("statuses are kept per context, newest first, and combined", async () => {
  const { repos } = scene.octokit.rest;
  const post = (context: string, state: "pending" | "success" | "failure") =>
    repos.createCommitStatus({ ...scene.repo, sha, context, state, description: `${context} ${state}` });
  const combined = async () => (await repos.getCombinedStatusForRef({ ...scene.repo, ref: "main" })).data;
  expect((await combined()).state).toBe("pending");
  await post("ci", "pending");
  await post("apply", "success");
  expect((await combined()).state).toBe("pending");
  await post("ci", "success");
  expect(await combined()).toMatchObject({ state: "success", total_count: 2 });
  await post("apply", "failure");
  expect((await combined()).state).toBe("failure");
  const all = await repos.listCommitStatusesForRef({ ...scene.repo, ref: sha });
  expect(all.data.map(({ context, state }) => `${context} ${state}`)).toEqual([
    "apply failure",
    "ci success",
    "apply success",
    "ci pending",
  ]);
});

test("check runs are created, updated and completed, in the App's suite", async () => {
  const { checks } = scene.octokit.rest;
  const run = await checks.create({
    ...scene.repo,
    name: "guard",
    head_sha: sha,
    status: "in_progress",
    output: { title: "Looking", summary: "…" },
  });
  expect(run.data).toMatchObject({ status: "in_progress", conclusion: null, completed_at: null });
  const done = await checks.update({ ...scene.repo, check_run_id: run.data.id, conclusion: "success" });
  expect(done.data).toMatchObject({ status: "completed", conclusion: "success" });
  expect(done.data.output.title).toBe("Looking");
  const listed = await checks.listForRef({ ...scene.repo, ref: "main", check_name: "guard" });
  expect(listed.data.total_count).toBe(1);
  const suites = await checks.listSuitesForRef({ ...scene.repo, ref: "main" });
  expect(suites.data.check_suites.map(({ status, conclusion }) => `${status} ${conclusion}`)).toEqual([
    "completed success",
  ]);
});

test("the newest run of a name counts, unless all are asked for", async () => {
  const { checks } = scene.octokit.rest;
  for (const conclusion of ["failure", "success"] as const) {
    await checks.create({ ...scene.repo, name: "guard", head_sha: sha, conclusion });
  }
  const list = async (filter: "all" | "latest") =>
    (await checks.listForRef({ ...scene.repo, ref: sha, filter })).data.check_runs.map(
      (run) => run.conclusion,
    );
  expect(await list("latest")).toEqual(["success"]);
  expect(await list("all")).toEqual(["success", "failure"]);
});

test("a person writes no check runs, and an App none of another's", async () => {
  const create = { ...scene.repo, name: "guard", head_sha: sha } as const;
  expect(await refusal(scene.octo.rest.checks.create(create))).toBe(
    "403 You must authenticate via a GitHub App.",
  );
  const run = await scene.octokit.rest.checks.create(create);
  const token = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { checks: "write" },
  });
  const workflow = octokitOf(scene.github, token);
  const update = { ...scene.repo, check_run_id: run.data.id, conclusion: "success" } as const;
  expect(await refusal(workflow.rest.checks.update(update))).toContain("403 Invalid app_id");
  const own = await workflow.rest.checks.create(create);
  expect(own.data.app?.slug).toBe("github-actions");
});
