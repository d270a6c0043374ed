import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { z } from "zod";
import { planPath, receiptPath } from "../src/kubernetes/apply/plan-place.ts";
import { formatReceipt, type PlanReceipt } from "../src/kubernetes/apply/plan-receipt.ts";
import { attestationAudience, digestEntry } from "../src/ledger/attestation.ts";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { REPO, startCommandWorld } from "./support/command-world.ts";
import { infraScale, makeFolder } from "./support/infra-scale-world.ts";
import { FILE, startTargets, TARGETS } from "./support/notify-world.ts";
import type { AppWorldOptions } from "./support/open-app-world.ts";
import { PLAN, startPlanPulls } from "./support/plan-pull-world.ts";

const only = (subject: string) => `${TARGETS}    subjects: [${subject}]\n`;

it("a plan's pull request is told of as opened and waiting, once, to whom wants plans", {
  timeout: 60_000,
}, async () => {
  const { hook, slack, smtp, environment } = await startTargets();
  const { github, settled, replica, startReplica } = await startCommandWorld({
    ...{
      files: { [FILE]: only("plan").replace("type: email", "type: email\n    subjects: [scale]") },
      environment,
    },
  });
  const ask = (path: string, body: object) => asPerson(github, "alice")("POST", path, body);
  await ask("/labels", { name: "needs-approval", color: "d93f0b", description: "A person is asked" });
  const run = await infraScale(
    await makeFolder(),
    ["--apply", "--namespace=assistant", "--workload=Deployment:web:6", "--branch=plans/prod"],
    {
      ...{ GH_OWNER: "acme", GH_REPO: "infra", GITHUB_API_URL: github.apiUrl },
      GITHUB_TOKEN: github.issueToken({ kind: "user", login: "alice" }),
    },
  );
  expect([run.code, run.told]).toEqual([0, expect.anything()]);
  await settled();
  const number = Number(/\/pull\/(\d+)$/.exec(run.lines[0] ?? "")?.[1]);
  const events = () => hook.posts.map(({ body }) => JSON.parse(body));
  expect(events()).toMatchObject([
    {
      type: "plan.opened",
      data: {
        subject: {
          ...{ id: `acme/infra#${number}`, kind: "plan", name: "prod", pullRequest: number },
          title: `Plan pull request #${number} of acme/infra (prod)`,
        },
        text: expect.stringMatching(/^Opened: .*, asked for by alice\.$/),
      },
    },
    { type: "plan.waiting" },
  ]);
  expect(smtp.mails).toEqual([]);
  expect(slack.posts).toHaveLength(1);
  await github.review(REPO, number, { login: "bob", state: "COMMENTED" });
  await settled();
  await replica.stop();
  const second = await startReplica();
  await second.idle();
  expect(events()).toHaveLength(2);
});

/** What telling of an end costs: the receipts, and where the plan came from. */
const ENDS = 2;

/** A world with a merged plan, and receipts of it on the ledger branch. */
async function startReceipts(
  file: string,
  options: AppWorldOptions = {},
  word: "review" | "command" = "review",
) {
  const targets = await startTargets();
  const world = await startPlanPulls({
    ...{ files: { [FILE]: file }, environment: targets.environment, ...options },
  });
  const { approve, ask, github, issuer, merged, plan, run, settled } = world;
  const number = await plan();
  if (word === "review") await approve(number);
  else await ask("/scale approve", "bob", number);
  await merged();
  const merge = await github.readRef(REPO, "refs/heads/main");
  const answer = await asPerson(github, "alice")("GET", `/contents/${PLAN}`);
  const { sha: blob } = z.object({ sha: z.string() }).parse(answer);
  const receiptOf = (over: Partial<PlanReceipt>): PlanReceipt => {
    const now = new Date().toISOString();
    return {
      ...{ apiVersion: "infra.scale/v1", kind: "PlanReceipt", outcome: "applied", message: "", run: "a-run" },
      plan: { path: planPath("prod"), blob, createdAt: "2025-01-15T09:00:00.000Z", target: "prod" },
      ...{ startedAt: now, publishedAt: now, finishedAt: now, runUrl: "https://ci.example/7" },
      ...{ actions: [], rollbackHints: [], attestation: null, ...over },
    };
  };
  const sign = async (receipt: PlanReceipt): Promise<PlanReceipt> => {
    const audience = attestationAudience(digestEntry(formatReceipt(receipt)) ?? "");
    const issuedAtMs = Date.parse(receipt.publishedAt);
    return { ...receipt, attestation: await issuer.issueToken(run, { audience, issuedAtMs }) };
  };
  const put = async (receipt: PlanReceipt, target = "prod") => {
    const files = { [receiptPath(target)]: formatReceipt(receipt) };
    await github.commit(REPO, { branch: "pulumiscale", message: "a receipt", login: "alice", files });
    await settled();
  };
  const ends = () =>
    targets.hook.posts
      .map(({ body }) => JSON.parse(body))
      .filter(({ type }) => ["plan.applied", "plan.failed"].includes(type));
  return { ...world, number, merge, blob, receiptOf, sign, put, ends };
}

it("a plan's end is told once, with its pull request, by a receipt that counts", {
  timeout: 60_000,
}, async () => {
  const { ends, github, number, put, receiptOf, replica, sign, startReplica } = await startReceipts(
    only("plan"),
  );
  await put(receiptOf({}));
  await put(await sign(receiptOf({ outcome: "applying", finishedAt: null })));
  await put({ ...(await sign(receiptOf({}))), outcome: "failed" });
  expect(ends()).toEqual([]);
  const done = await sign(
    receiptOf({
      actions: [
        {
          ...{
            action: "scale_workload",
            subject: "Deployment/web",
            namespace: "assistant",
            kubeContext: "admin",
          },
          ...{ outcome: "applied", message: "" },
          before: { kind: "replicas", replicas: 3 },
          after: { kind: "replicas", replicas: 6 },
        },
      ],
    }),
  );
  await put(done, "staging");
  expect(ends()).toEqual([]);
  await put(done);
  expect(ends()).toMatchObject([
    {
      type: "plan.applied",
      data: {
        subject: { id: `acme/infra#${number}`, kind: "plan", name: "prod", pullRequest: number },
        changes: [{ name: "Deployment/web", from: 3, to: 6 }],
        text: "Applied: infra.scale: prod (2025-01-15), asked for by alice, approved by bob.",
        // Of another server than GitHub's own.
        runUrl: null,
      },
    },
  ]);
  await put(await sign(receiptOf({ outcome: "rolled-back", message: "web has 1 of 6 @all" })));
  expect(ends()).toMatchObject([
    {},
    {
      type: "plan.failed",
      data: {
        subject: { id: `acme/infra#${number}` },
        text: expect.stringMatching(/^Not applied: .* \(rolled-back: web has 1 of 6 .*all\)\.$/),
      },
    },
  ]);
  await replica.stop();
  await (await startReplica()).idle();
  expect(ends()).toHaveLength(2);
  expect(github.violations).toEqual([]);
});

it("a plan's end names who has approved it by a command", { timeout: 60_000 }, async () => {
  const { ends, put, receiptOf, sign } = await startReceipts(only("plan"), {}, "command");
  await put(await sign(receiptOf({})));
  expect(ends().map(({ data }) => data.text)).toEqual([
    "Applied: infra.scale: prod (2025-01-15), asked for by alice, approved by bob.",
  ]);
});

it("a plan that came without a pull request is told of by its commit", { timeout: 60_000 }, async () => {
  const { ends, github, put, receiptOf, sign } = await startReceipts(only("plan"));
  const files = { [planPath("eu")]: "apiVersion: infra.scale/v1\n" };
  await github.commit(REPO, { message: "by hand", login: "alice", files });
  const commit = await github.readRef(REPO, "refs/heads/main");
  const answer = await asPerson(github, "alice")("GET", `/contents/${planPath("eu")}`);
  const { sha: blob } = z.object({ sha: z.string() }).parse(answer);
  const plan = { path: planPath("eu"), blob, createdAt: "2025-01-15T09:00:00.000Z", target: "eu" };
  await put(await sign(receiptOf({ plan, outcome: "stale" })), "eu");
  expect(ends()).toMatchObject([
    { type: "plan.failed", data: { subject: { id: `acme/infra@${commit}`, commit, pullRequest: null } } },
  ]);
});

it("a plan's end that was missed while no app was running is told once GitHub's deliveries show it", {
  timeout: 60_000,
}, async () => {
  const { app, ends, put, receiptOf, replica, sign, startReplica } = await startReceipts(only("plan"), {
    internals: { sweepFirstMs: 500, sweepEveryMs: 500 },
  });
  await replica.stop();
  // GitHub dates to the second.
  await sleep(1_500);
  await put(await sign(receiptOf({})));
  const second = await startReplica();
  app.setWebhook(`${second.url}/api/github/webhooks`, "the-apps-own-webhook-secret");
  await eventually(ends, (all) => all.length > 0);
  await second.idle();
  expect(ends()).toMatchObject([{ type: "plan.applied" }]);
});

it("no receipt is read where nobody is to be told how a plan has ended", { timeout: 60_000 }, async () => {
  const callsOf = async (wishes: string): Promise<number> => {
    const file = `notifications:\n  audit:\n    type: webhook\n    ${wishes}\n`;
    const { ends, github, put, receiptOf, replica, sign } = await startReceipts(file);
    const receipt = await sign(receiptOf({}));
    const before = github.requests.length;
    await put(receipt);
    const calls = github.requests.length - before;
    await replica.stop();
    return ends().length === 0 ? calls : calls - ENDS;
  };
  const none = await callsOf("kinds: [waiting]\n    subjects: [plan]");
  expect(await callsOf("subjects: [scale]\n    stacks: [of.others]")).toBe(none);
  expect(await callsOf("kinds: [applied]\n    subjects: [plan]")).toBe(none);
});
