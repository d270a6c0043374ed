import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

const run = promisify(execFile);
const repo = "octo/infra";
let scene: OctoInfra;
let hearer: {
  app: Awaited<ReturnType<OctoInfra["github"]["createApp"]>>;
  installation: OctoInfra["installation"];
};

beforeEach(async () => {
  scene = await startOctoInfra();
  const { github } = scene;
  github.createOrganization("acme");
  const app = await github.createApp({
    slug: "hearer",
    permissions: { contents: "write", issues: "write", pull_requests: "write" },
    events: ["repository", "pull_request", "push", "create", "delete"],
    webhookUrl: "http://127.0.0.1:9/",
  });
  hearer = { app, installation: github.installApp(app, "octo", "all") };
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function sent(event: string) {
  return scene.github.webhookDeliveries
    .filter((delivery) => delivery.event === event)
    .map(({ request, installationId }) => ({ ...JSON.parse(request.payload), installationId }));
}

test("a renamed repository is found by its old name: REST, GraphQL, git, and its ids stay", async () => {
  const { github, octokit } = scene;
  const { number } = await openPull(scene, "x", 4);
  const { data: pull } = await octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  await github.renameRepository(repo, "platform", "octo");
  expect(sent("repository")).toMatchObject([
    {
      action: "renamed",
      changes: { repository: { name: { from: "infra" } } },
      repository: { full_name: "octo/platform" },
    },
  ]);
  const { data } = await octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect([data.node_id, data.base.repo.full_name]).toEqual([pull.node_id, "octo/platform"]);
  const { data: comment } = await octokit.rest.issues.createComment({
    ...scene.repo,
    issue_number: number,
    body: "still here",
  });
  expect(comment.issue_url).toContain("/octo/platform/");
  const token = hearer.installation.issueToken();
  const bare = (method: string) =>
    fetch(`${github.apiUrl}/repos/octo/infra/pulls?state=all`, {
      method,
      headers: { authorization: `bearer ${token}` },
      redirect: "manual",
    });
  const moved = [await bare("GET"), await bare("POST")];
  const location = `${github.apiUrl}/repositories/${data.base.repo.id}/pulls?state=all`;
  expect(moved.map(({ status, headers }) => [status, headers.get("location")])).toEqual([
    [301, location],
    [307, location],
  ]);
  const query = (follow: string) =>
    askGraphql(scene, `{ repository(owner: "octo", name: "infra"${follow}) { nameWithOwner } }`, {}, token);
  expect(await query("")).toEqual({ data: { repository: { nameWithOwner: "octo/platform" } } });
  expect((await query(", followRenames: false")).errors).toMatchObject([{ type: "NOT_FOUND" }]);
  const directory = await mkdtemp(join(tmpdir(), "moved-"));
  try {
    const url = new URL(`${github.url}/octo/infra.git`);
    url.username = "x-access-token";
    url.password = token;
    await run("git", ["clone", "--quiet", url.href, directory]);
    await writeFile(join(directory, "new"), "1");
    const git = (...args: string[]) =>
      run("git", ["-C", directory, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args]);
    await git("add", "new");
    await git("commit", "--quiet", "-m", "through the old name");
    await git("push", "--quiet", "origin", "main");
    expect((await github.readLog("octo/platform"))[0]?.message).toContain("through the old name");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a stranger is told of no old name, and a new repository takes it", async () => {
  const { github } = scene;
  github.createUser("eve");
  await github.renameRepository(repo, "platform", "octo");
  const token = github.issueToken({ kind: "user", login: "eve" });
  const asked = await fetch(`${github.apiUrl}/repos/octo/infra`, {
    headers: { authorization: `bearer ${token}` },
    redirect: "manual",
  });
  expect(asked.status).toBe(404);
  const { data } = await scene.octokit.rest.apps.getRepoInstallation(scene.repo);
  expect(data.id).toBe(scene.installationId);
  await github.createRepository({ owner: "octo", name: "infra", files: { other: "1" } });
  expect((await scene.octo.rest.repos.get(scene.repo)).data.full_name).toBe("octo/infra");
  expect(await github.readFile("octo/infra", "other")).toBe("1");
  expect(await github.readFile("octo/platform", "other")).toBe(null);
  await github.deleteRepository("octo/infra", "octo");
  expect(await refusal(scene.octo.rest.repos.get(scene.repo))).toBe("404 Not Found");
});

test("a transferred repository is its new owner's, and the old installation loses it", async () => {
  const { github } = scene;
  const { data: before } = await scene.octo.rest.repos.get(scene.repo);
  const atAcme = github.installApp(hearer.app, "acme", "all");
  await github.transferRepository(repo, "acme", "octo");
  expect(sent("installation_repositories")).toMatchObject([
    {
      action: "removed",
      installationId: hearer.installation.installationId,
      repositories_removed: [{ id: before.id, full_name: "octo/infra" }],
    },
    {
      action: "added",
      installationId: atAcme.installationId,
      repositories_added: [{ id: before.id, full_name: "acme/infra" }],
    },
  ]);
  expect(sent("repository")).toMatchObject([
    {
      action: "transferred",
      installationId: atAcme.installationId,
      changes: { owner: { from: { user: { login: "octo" } } } },
      repository: { id: before.id, full_name: "acme/infra" },
      organization: { login: "acme" },
    },
  ]);
  expect(await refusal(scene.octokit.rest.repos.get(scene.repo))).toBe("404 Not Found");
  const octokit = octokitOf(github, atAcme.issueToken());
  expect((await octokit.rest.repos.get(scene.repo)).data.full_name).toBe("acme/infra");
  await github.transferRepository("acme/infra", "octo", "octo");
  expect(sent("repository").at(-1)).toMatchObject({
    changes: { owner: { from: { organization: { login: "acme" } } } },
  });
});

test("a deleted repository is gone with its git, and its App is told", async () => {
  const { github, octokit } = scene;
  const { data } = await octokit.rest.repos.get(scene.repo);
  await github.renameRepository(repo, "platform", "octo");
  await github.deleteRepository("octo/platform", "octo");
  expect(sent("repository").at(-1)).toMatchObject({
    action: "deleted",
    repository: { id: data.id, full_name: "octo/platform" },
  });
  expect(await refusal(octokit.rest.repos.get(scene.repo))).toBe("404 Not Found");
  expect(await refusal(octokit.rest.repos.get({ owner: "octo", repo: "platform" }))).toBe("404 Not Found");
  expect(existsSync(join(github.dataDirectory, "octo", "infra.git"))).toBe(false);
});

test("a renamed default branch takes its rules and its pull requests with it", async () => {
  const { github, octokit } = scene;
  const { number } = await openPull(scene, "x", 4);
  github.protect(repo, "main", { requiredChecks: [{ context: "ci", appId: null }] });
  const head = await github.readRef(repo, "main");
  const asked = octokit.rest.repos.renameBranch({ ...scene.repo, branch: "main", new_name: "trunk" });
  expect(await refusal(asked)).toBe("403 Resource not accessible by integration");
  const { data } = await scene.octo.rest.repos.renameBranch({
    ...scene.repo,
    branch: "main",
    new_name: "trunk",
  });
  expect(data).toMatchObject({ name: "trunk", protected: true, commit: { sha: head } });
  expect((await octokit.rest.repos.get(scene.repo)).data.default_branch).toBe("trunk");
  expect((await octokit.rest.pulls.get({ ...scene.repo, pull_number: number })).data).toMatchObject({
    state: "open",
    base: { ref: "trunk" },
  });
  expect(await github.listBranches(repo)).toEqual(["trunk", "x"]);
  expect((await octokit.rest.repos.getBranch({ ...scene.repo, branch: "main" })).data.name).toBe("trunk");
  expect(sent("repository")).toMatchObject([
    { action: "edited", changes: { default_branch: { from: "main" } } },
  ]);
  expect(sent("pull_request").at(-1)).toMatchObject({
    action: "edited",
    changes: { base: { ref: { from: "main" } } },
    pull_request: { base: { ref: "trunk" } },
  });
  expect(sent("create").at(-1)).toMatchObject({ ref: "trunk" });
  expect(sent("delete").at(-1)).toMatchObject({ ref: "main" });
});

test("pull requests from a renamed branch close, and another default branch leaves pull requests alone", async () => {
  const { github, octokit } = scene;
  const { number } = await openPull(scene, "x", 4);
  await github.setDefaultBranch(repo, "x", "octo");
  const read = async () => (await octokit.rest.pulls.get({ ...scene.repo, pull_number: number })).data;
  expect(await read()).toMatchObject({ state: "open", base: { ref: "main" } });
  await github.setDefaultBranch(repo, "main", "octo");
  await github.renameBranch(repo, "x", "y", "octo");
  expect(await read()).toMatchObject({ state: "closed", merged: false });
  await expect(github.renameBranch(repo, "y", "main", "octo")).rejects.toThrow("Branch already exists: main");
});

test("repositories are chosen and taken back, and an App is installed again under another number", async () => {
  const { github } = scene;
  await github.createRepository({ owner: "octo", name: "other", files: { a: "a" } });
  hearer.installation.uninstall();
  const again = github.installApp(hearer.app, "octo", ["infra"]);
  expect(again.installationId).not.toBe(hearer.installation.installationId);
  again.addRepository("octo/other");
  const octokit = octokitOf(github, again.issueToken());
  const reached = async () =>
    (await octokit.rest.apps.listReposAccessibleToInstallation()).data.repositories.map(({ name }) => name);
  expect(await reached()).toEqual(["infra", "other"]);
  again.removeRepository("octo/infra");
  expect(await reached()).toEqual(["other"]);
  expect(sent("installation").map(({ action }) => action)).toEqual(["created", "deleted", "created"]);
  expect(sent("installation_repositories")).toMatchObject([
    { action: "added", repository_selection: "selected", repositories_added: [{ name: "other" }] },
    { action: "removed", repositories_removed: [{ name: "infra" }] },
  ]);
});
