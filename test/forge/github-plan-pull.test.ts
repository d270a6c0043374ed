import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { createJobClient } from "../../src/forge/github-apply-client.ts";
import { openPlanPull, type PlanPull } from "../../src/forge/github-plan-pull.ts";
import { startPlanWorld } from "../support/infra-scale-world.ts";

const REPO = "your-org/your-repo";

const plan: PlanPull = {
  branch: { kind: "fresh", nameOf: (turn) => `infra/plan-${turn}` },
  title: "a plan",
  body: "its words",
  labels: ["needs-approval"],
  commitBody: "Infra-Scale-Target: prod",
  trailer: "Infra-Scale-Target: prod",
  files: [{ path: "ops/plans/infra-scale/prod/plan.yaml", text: "a: 1\n" }],
};

it("takes the next branch of its own where somebody else has the first ones", async () => {
  const { github, environment, repository, openPulls } = await startPlanWorld();
  const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
  await openPlanPull(client, repository, plan);
  const theirs = await github.commit(REPO, {
    branch: "infra/plan-1",
    message: "theirs",
    login: "your-org",
    files: { x: "y" },
  });
  const url = await openPlanPull(client, repository, { ...plan, title: "another plan" });
  expect((await openPulls()).map(({ html_url, title, head }) => [html_url, title, head.ref])).toEqual([
    [url, "another plan", "infra/plan-2"],
    [`${github.url}/${REPO}/pull/1`, "a plan", "infra/plan-0"],
  ]);
  expect(await github.readRef(REPO, "infra/plan-1")).toBe(theirs);
});

it("looks where it stands again after each step that somebody else was faster in", async () => {
  const { github, environment, repository, openPulls } = await startPlanWorld();
  const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
  const named: PlanPull = { ...plan, branch: { kind: "named", name: "infra/nightly" } };
  await openPlanPull(client, repository, named);
  // Each time before ours would move the branch, another run has moved it.
  let others = 0;
  const unsubscribe = github.onRequest(async ({ phase, request }) => {
    if (phase !== "received" || !request.operations.includes("updateRefs") || others >= 2) return;
    others += 1;
    const files = { "ops/plans/infra-scale/prod/plan.yaml": `a: ${others + 10}\n` };
    const message = "another run\n\nInfra-Scale-Target: prod";
    await github.commit(REPO, { branch: "infra/nightly", message, login: "your-org", files });
  });
  onTestFinished(() => unsubscribe());
  const files = [{ path: "ops/plans/infra-scale/prod/plan.yaml", text: "a: 2\n" }] as const;
  await openPlanPull(client, repository, { ...named, files, body: "newer words" });
  expect(others).toBe(2);
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/plan.yaml", "infra/nightly")).toBe("a: 2\n");
  expect((await openPulls()).map(({ body }) => body)).toEqual(["newer words"]);
});

it("opens one that is no draft where the repository has none", async () => {
  const { github, environment, repository, openPulls } = await startPlanWorld();
  const message = "Draft pull requests are not supported in this repository.";
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const isDraft = request.url?.endsWith("/pulls") && body.includes('"draft":true');
    const answer = isDraft
      ? Response.json({ message }, { status: 422 })
      : await fetch(new URL(request.url ?? "/", github.url), {
          method: request.method ?? "GET",
          headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
          ...(body.length > 0 ? { body } : {}),
        });
    response.writeHead(answer.status, { "content-type": "application/json; charset=utf-8" });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : null;
  const client = createJobClient(environment.GITHUB_TOKEN, `http://127.0.0.1:${port}/api/v3`);
  await openPlanPull(client, repository, plan);
  expect((await openPulls()).map(({ draft, labels }) => [draft, labels[0]?.name])).toEqual([
    [false, "needs-approval"],
  ]);
});

it("is one commit, one branch and one pull request where an answer was lost", async () => {
  for (const operation of ["git/create-ref", "pulls/create"]) {
    const { github, environment, repository, openPulls } = await startPlanWorld();
    const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
    github.faults.add({ match: { operation }, kind: "lost-answer" });
    await openPlanPull(client, repository, plan);
    expect((await github.listBranches(REPO)).sort()).toEqual(["infra/plan-0", "main"]);
    expect((await openPulls()).map(({ head }) => head.ref)).toEqual(["infra/plan-0"]);
    expect((await github.readLog(REPO, "infra/plan-0")).length).toBe(2);
  }
});

it("has its own words on its own commit where another run moves the branch between the two", async () => {
  const { github, environment, repository, openPulls, octokit } = await startPlanWorld();
  const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
  const named: PlanPull = { ...plan, branch: { kind: "named", name: "infra/nightly" } };
  await openPlanPull(client, repository, named);
  await octokit.request("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", {
    ...repository,
    issue_number: 1,
    name: "needs-approval",
  });
  let others = 0;
  const unsubscribe = github.onRequest(async ({ phase, request }) => {
    if (phase !== "received" || !request.operations.includes("pulls/update") || others > 0) return;
    others += 1;
    const files = { "ops/plans/infra-scale/prod/plan.yaml": "a: 11\n" };
    const message = "another run\n\nInfra-Scale-Target: prod";
    await github.commit(REPO, { branch: "infra/nightly", message, login: "your-org", files });
  });
  onTestFinished(() => unsubscribe());
  const files = [{ path: "ops/plans/infra-scale/prod/plan.yaml", text: "a: 2\n" }] as const;
  await openPlanPull(client, repository, { ...named, files, body: "newer words" });
  expect(others).toBe(1);
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/plan.yaml", "infra/nightly")).toBe("a: 2\n");
  expect((await openPulls()).map(({ body, labels }) => [body, labels[0]?.name])).toEqual([
    ["newer words", "needs-approval"],
  ]);
});

it("leaves a branch alone that has more than the plan's files, whatever its commits say of themselves", async () => {
  const { github, environment, repository } = await startPlanWorld();
  const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
  const head = await github.commit(REPO, {
    branch: "feature",
    message: "mine\n\nInfra-Scale-Target: prod",
    login: "your-org",
    files: { "src/main.ts": "" },
  });
  const onto: PlanPull = { ...plan, branch: { kind: "named", name: "feature" } };
  await expect(openPlanPull(client, repository, onto)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("src/main.ts"),
  });
  expect(await github.readRef(REPO, "feature")).toBe(head);
});

it("makes one anew that GitHub's button has brought up to date, and none where that merge has more in it", async () => {
  const { github, environment, repository, octokit, openPulls } = await startPlanWorld();
  const client = createJobClient(environment.GITHUB_TOKEN, environment.GITHUB_API_URL);
  const named: PlanPull = { ...plan, branch: { kind: "named", name: "infra/nightly" } };
  const planFile = plan.files[0].path;
  await openPlanPull(client, repository, named);
  const behind = () =>
    github.commit(REPO, { branch: "main", message: "more", login: "your-org", files: { "more.md": "x" } });
  const press = () =>
    octokit.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch", {
      ...{ ...repository, pull_number: 1 },
    });
  await behind();
  await press();
  await openPlanPull(client, repository, { ...named, files: [{ path: planFile, text: "a: 2\n" }] });
  expect(await github.readFile(REPO, planFile, "infra/nightly")).toBe("a: 2\n");
  expect((await openPulls()).map(({ number }) => number)).toEqual([1]);

  const parents = await Promise.all(["infra/nightly", "main"].map((branch) => github.readRef(REPO, branch)));
  const file = { path: planFile, mode: "100644", type: "blob", content: "a: 3\n" } as const;
  const [head = ""] = parents.map((oid) => oid ?? "");
  const { data: tree } = await octokit.request("POST /repos/{owner}/{repo}/git/trees", {
    ...{ ...repository, base_tree: head, tree: [file] },
  });
  const { data: merge } = await octokit.request("POST /repos/{owner}/{repo}/git/commits", {
    ...{ ...repository, message: "Merge branch 'main' into infra/nightly", tree: tree.sha },
    parents: parents.map((oid) => oid ?? ""),
  });
  await octokit.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
    ...{ ...repository, ref: "heads/infra/nightly", sha: merge.sha },
  });
  await expect(openPlanPull(client, repository, named)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining(merge.sha.slice(0, 12)),
  });
});
