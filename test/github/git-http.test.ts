import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PushEvent } from "./github-stand-in.ts";
import { type OctoInfra, openPull, startOctoInfra } from "./octo-infra.ts";

const run = promisify(execFile);

let scene: OctoInfra;
let directory: string;

beforeEach(async () => {
  scene = await startOctoInfra();
  directory = await mkdtemp(join(tmpdir(), "github-git-"));
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
  await rm(directory, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Octo Cat",
    GIT_AUTHOR_EMAIL: "octo@example.com",
    GIT_COMMITTER_NAME: "Octo Cat",
    GIT_COMMITTER_EMAIL: "octo@example.com",
  };
  const { stdout } = await run("git", args, { cwd: directory, env });
  return stdout.trim();
}

/** What git says when it fails. */
async function complaint(...args: string[]): Promise<string> {
  try {
    await git(...args);
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  }
  throw new Error(`git ${args.join(" ")} did not fail`);
}

function url(token: string, repo = "octo/infra"): string {
  return `${scene.github.url.replace("http://", `http://x-access-token:${token}@`)}/${repo}.git`;
}

const octoToken = (): string => scene.github.issueToken({ kind: "user", login: "octo" });

async function change(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(directory, "work", path)), { recursive: true });
  await writeFile(join(directory, "work", path), content);
  await git("-C", "work", "add", "--all");
  await git("-C", "work", "commit", "--quiet", "--message", `change ${path}`);
}

test("a shallow clone, and a fetch of one commit by its oid, as a checkout in a workflow does", async () => {
  const first = await scene.github.readRef("octo/infra", "main");
  await scene.github.commit("octo/infra", { message: "second", files: { a: "a" } });
  await git("clone", "--quiet", "--depth", "1", url(octoToken()), "work");
  expect(await git("-C", "work", "rev-list", "--count", "HEAD")).toBe("1");
  await git(
    "-C",
    "work",
    "fetch",
    "--quiet",
    "--depth",
    "1",
    "origin",
    `+${first}:refs/remotes/origin/first`,
  );
  expect(await git("-C", "work", "rev-parse", "refs/remotes/origin/first")).toBe(first);
});

test("a push moves a pull request's head, whose ref can be fetched", async () => {
  const { number } = await openPull(scene, "x", 4);
  await git("clone", "--quiet", "--branch", "x", url(octoToken()), "work");
  await change("more", "more");
  await git("-C", "work", "push", "--quiet", "origin", "x");
  const head = await git("-C", "work", "rev-parse", "HEAD");
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data.head.sha).toBe(head);
  expect(data.commits).toBe(2);
  expect(await git("-C", "work", "ls-remote", "origin", `refs/pull/${number}/head`)).toContain(head);
  const forged = await complaint("-C", "work", "push", "origin", `HEAD:refs/pull/${number}/head`);
  expect(forged).toContain("deny updating a hidden ref");
});

test("a force push, a new branch, a deletion and a tag are told apart", async () => {
  const pushes: PushEvent[] = [];
  scene.github.onPush((push) => pushes.push(push));
  await git("clone", "--quiet", url(octoToken()), "work");
  await git("-C", "work", "push", "--quiet", "origin", "HEAD:refs/heads/a/b", "HEAD:refs/tags/v1");
  await change("x", "x");
  await git("-C", "work", "push", "--quiet", "origin", "HEAD:a/b");
  await git("-C", "work", "push", "--quiet", "--force", "origin", "HEAD~1:a/b");
  await git("-C", "work", "push", "--quiet", "origin", ":a/b");
  expect(
    pushes.map(({ ref, before, after }) => `${ref} ${before ? "was" : "new"} ${after ? "is" : "gone"}`),
  ).toEqual([
    "refs/heads/a/b new is",
    "refs/tags/v1 new is",
    "refs/heads/a/b was is",
    "refs/heads/a/b was is",
    "refs/heads/a/b was gone",
  ]);
  // Git refuses the branch main/x beside main.
  expect(await complaint("-C", "work", "push", "origin", "HEAD:main/x")).toContain("remote rejected");
});

test("who may not read finds nothing, and who may not write is told so", async () => {
  scene.github.createUser("stranger");
  const stranger = scene.github.issueToken({ kind: "user", login: "stranger" });
  expect(await complaint("clone", url(stranger), "work")).toContain("Repository not found");
  expect(await complaint("clone", url("wrong"), "work")).toContain("Authentication failed");
  expect(await complaint("clone", `${scene.github.url}/octo/infra.git`, "work")).toContain(
    "could not read Username",
  );
  const reader = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "read" },
  });
  await git("clone", "--quiet", url(reader), "work");
  await change("x", "x");
  expect(await complaint("-C", "work", "push", "origin", "main")).toContain(
    "Write access to repository not granted",
  );
});

test("a public repository is cloned by anyone", async () => {
  await scene.github.createRepository({ owner: "octo", name: "open", private: false, files: { a: "a" } });
  await git("clone", "--quiet", `${scene.github.url}/octo/open`, "work");
  expect(await git("-C", "work", "rev-list", "--count", "HEAD")).toBe("1");
});

test("a push to a protected branch, or of a workflow without the permission, is refused", async () => {
  scene.github.createUser("ann");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1 });
  await git("clone", "--quiet", url(scene.github.issueToken({ kind: "user", login: "ann" })), "work");
  await change("x", "x");
  const main = await scene.github.readRef("octo/infra", "main");
  expect(await complaint("-C", "work", "push", "origin", "main")).toContain(
    "GH006: Protected branch update failed for refs/heads/main",
  );
  expect(await scene.github.readRef("octo/infra", "main")).toBe(main);
  const workflow = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "write" },
  });
  await change(".github/workflows/deploy.yml", "on: push\n");
  expect(await complaint("-C", "work", "push", url(workflow), "HEAD:refs/heads/deploy")).toContain(
    "without `workflows` permission",
  );
  await git("-C", "work", "push", "--quiet", url(workflow), "HEAD~1:refs/heads/deploy");
});

test("two pushes at once: one wins, the other is told", async () => {
  await git("clone", "--quiet", url(octoToken()), "work");
  await git("clone", "--quiet", url(octoToken()), "other");
  await change("x", "x");
  await git("-C", "other", "commit", "--quiet", "--allow-empty", "--message", "empty");
  const results = await Promise.allSettled([
    git("-C", "work", "push", "--quiet", "origin", "main"),
    git("-C", "other", "push", "--quiet", "origin", "main"),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("what is written through the API is what git itself would have written", async () => {
  const files = { "a/b": "1", "a-b": "2", "a.txt": "3", "deep/er/file": "4", ä: "5" };
  await scene.github.commit("octo/infra", { message: "names that sort oddly", files });
  await scene.github.commit("octo/infra", {
    message: "a file where a directory was",
    files: { "a/b": null, a: "6" },
  });
  const { number } = await openPull(scene, "x", 4);
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  expect(
    await git(
      "-C",
      join(scene.github.dataDirectory, "octo/infra.git"),
      "fsck",
      "--strict",
      "--full",
      "--no-dangling",
    ),
  ).toBe("");
  await git("clone", "--quiet", url(octoToken()), "work");
  // Written again by git alone, the tree has the same name.
  await git("-C", "work", "rm", "--quiet", "-r", "--cached", ".");
  await git("-C", "work", "add", "--all");
  expect(await git("-C", "work", "write-tree")).toBe(await git("-C", "work", "rev-parse", "HEAD^{tree}"));
  expect((await git("-C", "work", "ls-files", "-z")).split("\0")).toEqual(
    expect.arrayContaining(["a", "a-b", "a.txt", "deep/er/file", "ä"]),
  );
});
