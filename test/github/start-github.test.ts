import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHubStandIn } from "./github-stand-in.ts";
import { startGitHub } from "./start-github.ts";

const run = promisify(execFile);

let github: GitHubStandIn;
let directory: string;

beforeEach(async () => {
  github = await startGitHub();
  directory = await mkdtemp(join(tmpdir(), "github-test-"));
  github.createUser("octo");
  await github.createRepository({
    owner: "octo",
    name: "infra",
    files: { "Pulumi.yaml": "name: infra\n", "Pulumi.prod.yaml": "config:\n  infra:size: 3\n" },
  });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github.stop();
  await rm(directory, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  const { stdout } = await run("git", args, { cwd: directory, env });
  return stdout;
}

function cloneUrl(token: string): string {
  return `${github.url.replace("http://", `http://x-access-token:${token}@`)}/octo/infra.git`;
}

test("a clone, a commit and a push go through real git", async () => {
  const token = github.issueToken({ kind: "user", login: "octo" });
  const pushes: unknown[] = [];
  github.onPush((push) => pushes.push(push));
  await git("clone", "--quiet", cloneUrl(token), "work");
  const before = await github.readRef("octo/infra", "main");
  await writeFile(join(directory, "work", "Pulumi.prod.yaml"), "config:\n  infra:size: 4\n");
  const author = ["-c", "user.name=Octo", "-c", "user.email=octo@example.com"];
  await git("-C", "work", ...author, "commit", "--quiet", "--all", "--message", "size 4");
  await git("-C", "work", "push", "--quiet", "origin", "main");
  expect(await github.readFile("octo/infra", "Pulumi.prod.yaml")).toContain("size: 4");
  expect(pushes).toEqual([
    {
      repo: "octo/infra",
      ref: "refs/heads/main",
      before,
      after: await github.readRef("octo/infra", "main"),
      pusher: "octo",
      triggersWorkflows: true,
    },
  ]);
});

test("an App reads with its JWT and its installation token, commits, opens a pull request and merges it", async () => {
  const app = await github.createApp({
    slug: "scaler",
    permissions: { contents: "write", pull_requests: "write", checks: "write" },
    events: ["push", "pull_request"],
  });
  const { installationId } = github.installApp(app, "octo", "all");
  const auth = { appId: app.appId, privateKey: app.privateKey, installationId };
  const octokit = new Octokit({ baseUrl: github.apiUrl, authStrategy: createAppAuth, auth });

  expect((await octokit.rest.apps.getAuthenticated()).data?.slug).toBe("scaler");
  expect((await octokit.rest.repos.get({ owner: "octo", repo: "infra" })).data.default_branch).toBe("main");

  const { repository } = await octokit.graphql<{
    repository: {
      id: string;
      defaultBranchRef: { target: { oid: string; file: { object: { text: string } } } };
    };
  }>(
    `query($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) {
        id
        defaultBranchRef { target { ... on Commit {
          oid
          file(path: "Pulumi.prod.yaml") { object { ... on Blob { text } } }
          history(first: 5, path: "Pulumi.prod.yaml") { nodes { oid messageHeadline author { user { login } } } }
        } } }
      }
    }`,
    { owner: "octo", name: "infra" },
  );
  const head = repository.defaultBranchRef.target;
  expect(head.file.object.text).toBe("config:\n  infra:size: 3\n");

  const { createCommitOnBranch } = await octokit.graphql<{
    createCommitOnBranch: { commit: { oid: string } };
  }>(
    `mutation($repository: ID!, $oid: GitObjectID!, $contents: Base64String!) {
      createRef(input: { repositoryId: $repository, name: "refs/heads/scale/prod", oid: $oid }) { ref { name } }
      createCommitOnBranch(input: {
        branch: { repositoryNameWithOwner: "octo/infra", branchName: "scale/prod" }
        message: { headline: "scale(prod): size 3 → 4" }
        expectedHeadOid: $oid
        fileChanges: { additions: [{ path: "Pulumi.prod.yaml", contents: $contents }] }
      }) { commit { oid } }
    }`,
    {
      repository: repository.id,
      oid: head.oid,
      contents: Buffer.from("config:\n  infra:size: 4\n").toString("base64"),
    },
  );
  const created = await octokit.rest.pulls.create({
    owner: "octo",
    repo: "infra",
    head: "scale/prod",
    base: "main",
    title: "scale(prod): size 3 → 4",
  });
  const merged = await octokit.rest.pulls.merge({
    owner: "octo",
    repo: "infra",
    pull_number: created.data.number,
    merge_method: "squash",
    sha: createCommitOnBranch.commit.oid,
    commit_title: "scale(prod): size 3 → 4",
    commit_message: "body",
  });
  expect(await github.readRef("octo/infra", "main")).toBe(merged.data.sha);
  expect(await github.readFile("octo/infra", "Pulumi.prod.yaml")).toContain("size: 4");
  const [newest] = await github.readLog("octo/infra");
  expect(newest?.message).toBe("scale(prod): size 3 → 4\n\nbody");
  expect(newest?.author.name).toBe("scaler[bot]");
});

test("the data directory holds bare repositories", async () => {
  const head = await readFile(join(github.dataDirectory, "octo", "infra.git", "HEAD"), "utf8");
  expect(head).toBe("ref: refs/heads/main\n");
});
