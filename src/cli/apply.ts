import { applyStack } from "../apply/apply-stack.ts";
import { prepareJob } from "../apply/deploy-job.ts";
import { renderTitle } from "../apply/render-receipt.ts";
import { type DeployFlags, readDeployFlags } from "./deploy-flags.ts";
import { printAnswer } from "./print-answer.ts";

/**
 * `pulumiscale apply`: applies the pool values that are committed and not applied yet; answers the exit code. Where a
 * full up is needed it does nothing, says so, and that is no failure.
 */
export async function runApply(flags: DeployFlags): Promise<number> {
  const { job, world, watch } = readDeployFlags(flags);
  const result = await applyStack(await prepareJob(job, watch), world);
  if (result.kind === "nothing") {
    printAnswer(flags, result, "Nothing is pending: every pool stands at its committed value.");
    return 0;
  }
  if (result.kind !== "done") {
    const what = result.kind === "full-needed" ? "A full up is needed" : "Nothing was applied";
    printAnswer(flags, result, `${what}: ${result.because}.`);
    return 0;
  }
  const { receipt, problems } = result;
  const lines = receipt.pools.map(
    ({ pool, from, to, outcome, message }) =>
      `${pool} ${from ?? "?"} → ${to} ${outcome}${message === "" ? "" : `\n  ${message.replaceAll("\n", "\n  ")}`}`,
  );
  printAnswer(flags, result, [renderTitle(receipt), ...lines, ...problems].join("\n"));
  return receipt.outcome === "applied" && problems.length === 0 ? 0 : 1;
}
