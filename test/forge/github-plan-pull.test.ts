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
