import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, octokitOf, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const createRef = async (ref: string) =>
  scene.octokit.rest.git.createRef({
    ...scene.repo,
    ref,
    sha: String(await scene.github.readRef("octo/infra", "main")),
  });

const getRepository = () => scene.octokit.rest.repos.get(scene.repo);

test("a status instead of the answer, as often as wanted, after as many as wanted", async () => {
  scene.github.faults.add({
    match: { operation: "repos/get" },
    kind: "status",
    status: 502,
    body: { message: "Bad gateway" },
    headers: { "retry-after": "3" },
    times: 2,
    skip: 1,
  });
  expect((await getRepository()).status).toBe(200);
  expect(await refusal(getRepository())).toBe("502 Bad gateway");
  expect(await refusal(getRepository())).toBe("502 Bad gateway");
  expect((await getRepository()).status).toBe(200);
  expect(scene.github.faults.pending()).toEqual([]);
});

test("a status happens before anything is done, a lost answer after it", async () => {
  scene.github.faults.add({ match: { operation: "git/create-ref" }, kind: "status", status: 500 });
  expect(await refusal(createRef("refs/heads/one"))).toContain("500");
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main"]);
  scene.github.faults.add({ match: { method: "POST", path: /\/git\/refs$/ }, kind: "lost-answer" });
  await expect(createRef("refs/heads/two")).rejects.toThrow();
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main", "two"]);
});

test("a mutation is matched by its field", async () => {
  scene.github.faults.add({ match: { operation: "createRef" }, kind: "lost-answer" });
  const { repository } = await scene.octo.graphql<{ repository: { id: string } }>(
    `{ repository(owner: "octo", name: "infra") { id } }`,
  );
  const oid = await scene.github.readRef("octo/infra", "main");
  const create = scene.octokit.graphql(
    `mutation($id: ID!, $oid: GitObjectID!) {
      createRef(input: { repositoryId: $id, name: "refs/heads/x", oid: $oid }) { ref { name } }
    }`,
    { id: repository.id, oid },
  );
  await expect(create).rejects.toThrow();
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main", "x"]);
});

test("a duplicate is done twice, and answers like the second time", async () => {
  await scene.octo.rest.issues.create({ ...scene.repo, title: "t" });
  scene.github.faults.add({ match: { operation: "issues/create-comment" }, kind: "duplicate" });
  await scene.octokit.rest.issues.createComment({ ...scene.repo, issue_number: 1, body: "hello" });
  const comments = await scene.octokit.rest.issues.listComments({ ...scene.repo, issue_number: 1 });
  expect(comments.data).toHaveLength(2);
  scene.github.faults.add({ match: { operation: "git/create-ref" }, kind: "duplicate" });
  expect(await refusal(createRef("refs/heads/x"))).toBe("422 Reference already exists");
});

test("an answer that never comes, and one that is late", async () => {
  scene.github.faults.add({ match: { operation: "repos/get" }, kind: "timeout" });
  const abort = new AbortController();
  scene.github.onRequest(({ request }) => {
    if (request.operations.includes("repos/get")) setImmediate(() => abort.abort());
  });
  const request = scene.octokit.rest.repos.get({ ...scene.repo, request: { signal: abort.signal } });
  await expect(request).rejects.toThrow();
  scene.github.faults.add({ match: { operation: "repos/get" }, kind: "latency", latencyMs: 5 });
  expect((await getRepository()).status).toBe(200);
});

test("every request is seen before it is done and after, with who, what and its points", async () => {
  const seen: string[] = [];
  const forget = scene.github.onRequest(async ({ phase, request }) => {
    const branches = await scene.github.listBranches("octo/infra");
    seen.push(`${phase} ${request.operations.join()} ${branches.length}`);
  });
  await createRef("refs/heads/x");
  forget();
  expect(seen.slice(-2)).toEqual(["received git/create-ref 1", "done git/create-ref 2"]);
  expect(scene.github.requests.at(-1)).toMatchObject({
    kind: "rest",
    method: "POST",
    path: "/repos/octo/infra/git/refs",
    operations: ["git/create-ref"],
    who: "scaler[bot]",
    status: 201,
    points: 5,
  });
  await scene.octo.graphql(`mutation { a: __typename }`);
  await scene.octo.graphql(`{ viewer { login } }`);
  expect(scene.github.requests.slice(-2).map(({ operations, points }) => [operations, points])).toEqual([
    [["__typename"], 5],
    [["viewer"], 1],
  ]);
});

test("an operation that the stand-in does not have is loud", async () => {
  const missing = scene.octokit.rest.actions.listRepoWorkflows(scene.repo);
  expect(await refusal(missing)).toContain(
    "501 GitHub stand-in: the operation actions/list-repo-workflows is not implemented",
  );
});

test("a request that GitHub's description does not allow is refused", async () => {
  const wrong = scene.octokit.request("POST /repos/octo/infra/git/refs", { ref: 7 });
  expect(await refusal(wrong)).toMatch(/^422 Invalid request\.\n\n.*\/ref must be string/s);
  const token = scene.github.issueToken({ kind: "user", login: "octo" });
  const broken = await fetch(`${scene.github.apiUrl}/repos/octo/infra/git/refs`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: "{",
  });
  expect(broken.status).toBe(400);
});

test("an unchanged answer is a 304, and free", async () => {
  const first = await getRepository();
  const used = Number(first.headers["x-ratelimit-used"]);
  const again = scene.octokit.rest.repos.get({
    ...scene.repo,
    headers: { "if-none-match": String(first.headers.etag) },
  });
  expect(await refusal(again)).toContain("304");
  expect(Number((await getRepository()).headers["x-ratelimit-used"])).toBe(used + 1);
  await scene.github.commit("octo/infra", { message: "m", files: { a: "a" } });
  scene.github.changeSettings("octo/infra", { description: "new" });
  const changed = await scene.octokit.rest.repos.get({
    ...scene.repo,
    headers: { "if-none-match": String(first.headers.etag) },
  });
  expect(changed.status).toBe(200);
});

test("the hour's requests run out", async () => {
  await using few = await startOctoInfra({ options: { requestsPerHour: 2 } });
  const { data } = await few.octo.rest.rateLimit.get();
  expect(data.resources.core.limit).toBe(2);
  await few.octo.rest.repos.get(few.repo);
  expect(await refusal(few.octo.rest.repos.get(few.repo))).toBe("403 API rate limit exceeded for octo.");
});

test("writing too fast meets the secondary limit, with the time to wait", async () => {
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  await using strict = await startOctoInfra({ options: { contentPerMinute: 2, now: () => new Date(nowMs) } });
  const octo = octokitOf(strict.github, strict.github.issueToken({ kind: "user", login: "octo" }));
  const write = () => octo.rest.git.createBlob({ ...strict.repo, content: "x" });
  await write();
  nowMs += 20_000;
  await write();
  const refused = await write().catch((error: { response?: { headers: Record<string, string> } }) => error);
  expect(refused).toMatchObject({ status: 403, response: { headers: { "retry-after": "40" } } });
  nowMs += 40_001;
  expect((await write()).status).toBe(201);
});
