import { afterAll, beforeAll, expect, it } from "vitest";
import { listPending } from "../../src/apply/list-pending.ts";
import { createApplyForge } from "../../src/forge/github-apply-client.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../src/ledger/ledger-judge.ts";
import { OLD_SERVER } from "../support/old-server.ts";
import { type DeployRepository, makeDeployRepository } from "./support/deploy-repository.ts";

// The deploy job on an Enterprise Server that lacks what it can: the stand-in on real git, and the real engine. One story.

const REPO = "acme/infra";

let repository: DeployRepository;
const told: string[] = [];

beforeAll(async () => {
  const values = { "shop:webCount": 3, "shop:queueCount": 5, "shop:idleCount": 1 };
  repository = await makeDeployRepository("yaml-stash", values, OLD_SERVER);
}, 60_000);
afterAll(async () => {
  expect(repository.github.violations).toEqual([]);
  await repository.stop();
});

/** As `createApplyForge` gives it to the Action, with GITHUB_API_URL as a server's runner sets it. */
function forge() {
  const { github } = repository;
  const permissions = { contents: "write", checks: "write", metadata: "read" } as const;
  const token = github.issueToken({ kind: "workflow", repo: REPO, permissions });
  expect(github.apiUrl).toMatch(/\/api\/v3$/);
  return createApplyForge(token, `${github.apiUrl}/`, (sentence) => told.push(sentence));
}

it("a scale is applied and stands in the ledger, written by REST", { timeout: 30_000 }, async () => {
  expect((await repository.entry()).applied).toEqual({ web: 3, queue: 5, idle: 1 });
  const before = (await repository.github.readRef(REPO, "main")) ?? "";
  await repository.checkout(await repository.scale("web", "shop:webCount", 3, 4));
  const place = { owner: "acme", repo: "infra", baseBranch: "main" };
  const trust = {
    judge: new LedgerJudge(new IssuerKeys(repository.issuer.url, Date.now), Date.now),
    requestToken: null,
  };
  const head = (await repository.github.readRef(REPO, "main")) ?? "";
  const pending = await listPending(forge(), place, head, { kind: "push", before }, trust, () => {});
  expect(pending).toMatchObject([{ alias: "shop.dev" }]);
  const result = await repository.apply({ kind: "push", before }, { forge: forge() });
  expect(result).toMatchObject({
    kind: "done",
    problems: [],
    receipt: { outcome: "applied", pools: [{ pool: "web", from: 3, to: 4 }] },
  });
  expect((await repository.stack.inputsOf("web"))?.input).toBe(4);
  expect((await repository.entry()).applied).toEqual({ web: 4, queue: 5, idle: 1 });
  expect(told).toEqual([
    "This GitHub lacks Mutation.createCommitOnBranch: commits are made through REST's git database, and only as a fast-forward.",
  ]);
});

it("a ledger that another job writes meanwhile is read again, and nothing of it is lost", {
  timeout: 30_000,
}, async () => {
  const { github } = repository;
  const before = (await github.readRef(REPO, "main")) ?? "";
  await repository.checkout(await repository.scale("queue", "shop:queueCount", 5, 6));
  const stop = github.onRequest(async ({ phase, request }) => {
    if (phase !== "received" || !request.operations.includes("git/update-ref")) return;
    stop();
    const files = { "stacks/other.prod.json": "{}\n" };
    await github.commit(REPO, { branch: "pulumiscale", message: "publish", files });
  });
  await repository.apply({ kind: "push", before }, { forge: forge() });
  expect((await repository.entry()).applied).toEqual({ web: 4, queue: 6, idle: 1 });
  expect(await github.readFile(REPO, "stacks/other.prod.json", "pulumiscale")).toBe("{}\n");
});

it("what is published again stands in the ledger", { timeout: 30_000 }, async () => {
  await repository.publish({ forge: forge() });
  const [newest, ...older] = await repository.github.readLog(REPO, "pulumiscale");
  expect(newest?.parents).toEqual([older[0]?.oid]);
});
