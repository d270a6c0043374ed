import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, headOf } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, refusal, stackFile, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let fork: string;
const repo = "octo/infra";
const files = { "Pulumi.prod.yaml": stackFile.replace("3", "9") };

beforeEach(async () => {
  // Nobody listens: what counts is what would be sent.
  scene = await startOctoInfra({ webhookUrl: "http://127.0.0.1:9/", repository: { private: false } });
  scene.github.createUser("mallory");
  fork = await scene.github.fork(repo, "mallory");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const ofMallory = () =>
  octokitOf(scene.github, scene.github.issueToken({ kind: "user", login: "mallory" })).rest;
const openFromFork = (branch = "main") =>
  scene.github.openPull(repo, { login: "mallory", from: fork, branch, title: "More", files });

test("a fork has the branches of its original, says what it is of, and is its owner's to push to", async () => {
  expect(fork).toBe("mallory/infra");
  expect(await scene.github.readRef(fork, "main")).toBe(await headOf(scene));
  const { data } = await ofMallory().repos.get({ owner: "mallory", repo: "infra" });
  expect(data).toMatchObject({ fork: true, parent: { full_name: repo }, permissions: { admin: true } });
  const { data: original } = await ofMallory().repos.get(scene.repo);
  expect(original).toMatchObject({ fork: false, forks_count: 1, permissions: { push: false } });
});

test("its pull request has its head in the fork, under a branch's name of its owner's choice", async () => {
  const before = await headOf(scene);
  const { number, head } = await openFromFork();
  expect(await headOf(scene)).toBe(before);
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data).toMatchObject({
    head: { label: "mallory:main", ref: "main", sha: head, user: { login: "mallory" } },
    base: { label: "octo:main", ref: "main", sha: before },
    author_association: "NONE",
    changed_files: 1,
    mergeable: true,
  });
  expect(data.head.repo?.full_name).toBe(fork);
  const { data: read } = await askGraphql(
    scene,
    `{ repository(owner: "octo", name: "infra") {
      pullRequest(number: ${number}) { isCrossRepository headRefOid headRepository { nameWithOwner isFork } headRepositoryOwner { login } }
      ref(qualifiedName: "refs/heads/main") { associatedPullRequests(first: 5) { totalCount } }
      pullRequests(first: 5, headRefName: "main") { totalCount }
    } }`,
  );
  expect(read).toEqual({
    repository: {
      pullRequest: {
        isCrossRepository: true,
        headRefOid: head,
        headRepository: { nameWithOwner: fork, isFork: true },
        headRepositoryOwner: { login: "mallory" },
      },
      ref: { associatedPullRequests: { totalCount: 0 } },
      pullRequests: { totalCount: 1 },
    },
  });
});

test("a list by head tells the owners apart, and a second pull request of one head is refused", async () => {
  await openFromFork("more");
  const listed = async (head: string) =>
    (await scene.octokit.rest.pulls.list({ ...scene.repo, head })).data.map(({ number }) => number);
  expect([await listed("mallory:more"), await listed("octo:more")]).toEqual([[1], []]);
  const again = { ...scene.repo, title: "t", head: "mallory:more", base: "main" };
  expect(await refusal(ofMallory().pulls.create(again))).toContain(
    "A pull request already exists for mallory:more.",
  );
  expect(await refusal(ofMallory().pulls.create({ ...again, head: "nobody:more" }))).toMatch(/^422/);
});

test("a push to the fork moves its pull request and is told to the original's Apps as no push of theirs", async () => {
  const { number } = await openFromFork("more");
  const pushesBefore = scene.github.webhookDeliveries.filter(({ event }) => event === "push").length;
  const oid = await scene.github.commit(fork, { branch: "more", files: { "a.md": "1" }, message: "a" });
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data).toMatchObject({ head: { sha: oid }, commits: 2 });
  const told = scene.github.webhookDeliveries.map(({ event, request }) => ({
    event,
    ...JSON.parse(request.payload),
  }));
  expect(told.at(-1)).toMatchObject({
    action: "synchronize",
    after: oid,
    sender: { login: "mallory" },
    pull_request: { head: { repo: { full_name: fork, fork: true } } },
    repository: { full_name: repo },
  });
  expect(told.filter(({ event }) => event === "push")).toHaveLength(pushesBefore);
  await scene.github.deleteBranch(fork, "more", "mallory");
  const { data: gone } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(gone).toMatchObject({ state: "closed", merged: false });
});

test("who may write merges it, and the fork's branch stays", async () => {
  scene.github.changeSettings(repo, { delete_branch_on_merge: true });
  const { number, head } = await openFromFork("more");
  expect(await refusal(ofMallory().pulls.merge({ ...scene.repo, pull_number: number }))).toMatch(/^403/);
  const { data } = await scene.octo.rest.pulls.merge({ ...scene.repo, pull_number: number });
  expect((await scene.github.readLog(repo, data.sha))[0]?.message).toContain("from mallory/more");
  expect(await scene.github.readRef(fork, "more")).toBe(head);
});

test("a check run on its head names no pull request, and the head is no branch of the original", async () => {
  const { head } = await openFromFork("more");
  const { data } = await scene.octokit.rest.checks.create({ ...scene.repo, name: "guard", head_sha: head });
  expect(data.pull_requests).toEqual([]);
  expect(await scene.github.readRef(repo, "more")).toBeNull();
});
