import type { ApplyForge, PreviewForge } from "../src/apply/apply-forge.ts";
import { type ApplyResult, applyStack } from "../src/apply/apply-stack.ts";
import { prepareJob } from "../src/apply/deploy-job.ts";
import { listPending } from "../src/apply/list-pending.ts";
import { renderFailedPreview } from "../src/apply/preview-comment.ts";
import { previewStack } from "../src/apply/preview-stack.ts";
import { publishStack } from "../src/apply/publish-stack.ts";
import { renderReceipt, renderTitle } from "../src/apply/render-receipt.ts";
import type { LedgerTrust } from "../src/apply/trusted-entry.ts";
import type { Clock } from "../src/clock.ts";
import type { IssuerKeys } from "../src/ledger/issuer-keys.ts";
import { applyMergedPlans } from "./apply-merged-plans.ts";
import type { Inputs } from "./inputs.ts";
import type { Report } from "./report.ts";
import { tellPreview } from "./tell-preview.ts";

export type RunWorld = {
  forge: ApplyForge;
  previews: PreviewForge;
  ledger: LedgerTrust;
  keys: IssuerKeys;
  clock: Clock;
  report: Report;
  signal: AbortSignal;
};

/** Runs the Action's command; answers the exit code. Throws typed errors whose sentences say what to do. */
export async function runCommand(inputs: Inputs, world: RunWorld): Promise<number> {
  switch (inputs.command) {
    case "apply":
      return runApply(inputs, world);
    case "publish":
      return runPublish(inputs, world);
    case "preview":
      return runPreview(inputs, world);
    case "pending":
      return runPending(inputs, world);
    case "apply-plan":
      return runApplyPlan(inputs, world);
  }
}

async function runApply(inputs: Inputs, world: RunWorld): Promise<number> {
  const { report } = world;
  const { baseBranch } = inputs.job.repository;
  report.setOutput("full-needed", "false");
  if (inputs.branch !== null && inputs.branch !== baseBranch) {
    report.say(
      "warning",
      `This run is for ${inputs.branch}, and only ${baseBranch} is deployed, so nothing is applied. Start the workflow on pushes to ${baseBranch} only.`,
    );
    return 0;
  }
  const result = await applyStack(await prepareJob(inputs.job, watchOf(world)), worldOf(world));
  return reportApply(result, report);
}

function reportApply(result: ApplyResult, report: Report): number {
  switch (result.kind) {
    case "full-needed":
      report.setOutput("full-needed", "true");
      report.say("info", `A full up is needed: ${result.because}.`);
      report.summarize(`**A full \`pulumi up\` is needed**: ${result.because}.`);
      return 0;
    case "superseded":
      report.say("warning", `Nothing was applied: ${result.because}.`);
      report.summarize(`Nothing was applied: ${result.because}.`);
      return 0;
    case "nothing":
      report.say("info", "Nothing is pending: every pool stands at its committed value.");
      report.summarize("Nothing is pending: every pool stands at its committed value.");
      return 0;
    case "done":
      break;
  }
  const { receipt, problems } = result;
  const applied = receipt.pools.filter(({ outcome }) => outcome === "applied");
  report.setOutput("receipt", receipt);
  report.setOutput("pools", receipt.pools);
  report.setOutput("applied", Object.fromEntries(applied.map(({ pool, to }) => [pool, to])));
  report.summarize([`### ${renderTitle(receipt)}`, renderReceipt(receipt), ...problems].join("\n\n"));
  report.say("info", renderTitle(receipt));
  for (const { pool, outcome, message } of receipt.pools)
    if (outcome !== "applied") report.say("error", `${pool} ${outcome}: ${message}`);
  for (const problem of problems) report.say("error", problem);
  return receipt.outcome === "applied" && problems.length === 0 ? 0 : 1;
}

async function runPublish(inputs: Inputs, world: RunWorld): Promise<number> {
  const { report } = world;
  const { baseBranch } = inputs.job.repository;
  if (inputs.branch !== baseBranch) {
    report.say(
      "warning",
      `This run is for ${inputs.branch ?? "no branch"}, and pools are scaled on ${baseBranch}. What was deployed is published as it is, and nothing is scaled until ${baseBranch} publishes again. Run full ups on ${baseBranch} only.`,
    );
  }
  const request = await prepareJob(inputs.job, watchOf(world));
  const entry = await publishStack(request, { ...worldOf(world), hide: report.hide });
  const sentence = `Published ${request.place.alias}: ${Object.keys(entry.applied).length} pools, deployed ${entry.deployed?.slice(0, 7)}.`;
  report.say("info", sentence);
  report.summarize(sentence);
  report.setOutput("applied", entry.applied);
  report.setOutput("receipt", entry.receipt);
  report.setOutput("pools", entry.receipt?.pools ?? []);
  return 0;
}

async function runPreview(inputs: Inputs, world: RunWorld): Promise<number> {
  const { report } = world;
  const request = await prepareJob(inputs.job, watchOf(world));
  const tell = (blocks: readonly string[]) => tellPreview(inputs, request.place, blocks, world);
  const result = await previewStack(request, worldOf(world)).catch(async (error: unknown) => {
    const sentence = report.redact(error instanceof Error ? error.message : String(error));
    if (!world.signal.aborted) await tell(renderFailedPreview(sentence));
    throw error;
  });
  report.setOutput("preview", result.markdown);
  report.setOutput("pools", result.pools);
  report.summarize(result.markdown);
  await tell(result.blocks);
  const bad = result.pools.filter(({ verdict }) => verdict !== "changes");
  for (const { pool, verdict, message } of bad) report.say("error", `${pool} ${verdict}: ${message}`);
  return bad.length === 0 ? 0 : 1;
}

async function runPending(inputs: Inputs, world: RunWorld): Promise<number> {
  const { report } = world;
  const { repository, trigger } = inputs.job;
  const warn = (sentence: string) => report.say("warning", sentence);
  const stacks = await listPending(world.forge, repository, inputs.commit, trigger, world.ledger, warn);
  report.setOutput("stacks", stacks);
  report.say(
    "info",
    stacks.length === 0
      ? "No stack has anything to do."
      : `To do: ${stacks.map(({ alias }) => alias).join(", ")}.`,
  );
  return 0;
}

async function runApplyPlan(inputs: Inputs, world: RunWorld): Promise<number> {
  const { report } = world;
  const { baseBranch } = inputs.job.repository;
  if (inputs.branch !== null && inputs.branch !== baseBranch) {
    const what = `This run is for ${inputs.branch}, and only plans that are merged into ${baseBranch} are applied`;
    report.say("warning", `${what}, so nothing was. Start the workflow on pushes to ${baseBranch} only.`);
    return 0;
  }
  const { receipts, problems, summary } = await applyMergedPlans(inputs, world);
  report.setOutput("plan-receipts", receipts);
  for (const markdown of summary) report.summarize(markdown);
  for (const problem of problems) report.say("error", problem);
  if (receipts.length === 0 && problems.length === 0) report.say("info", "No plan is due.");
  return problems.length === 0 ? 0 : 1;
}

function watchOf({ report, signal }: RunWorld) {
  return { onLine: report.pulumi, signal };
}

function worldOf({ forge, ledger, clock, report }: RunWorld) {
  return { forge, ledger, clock, redact: report.redact, say: report.say };
}
