import { prepareJob } from "../apply/deploy-job.ts";
import { previewStack } from "../apply/preview-stack.ts";
import { type DeployFlags, readDeployFlags } from "./deploy-flags.ts";
import { printAnswer } from "./print-answer.ts";

/** `pulumiscale preview`: what the work tree's pool values would change; moves nothing. */
export async function runPreview(flags: DeployFlags): Promise<number> {
  const { job, world, watch } = readDeployFlags(flags);
  const result = await previewStack(await prepareJob(job, watch), world);
  printAnswer(flags, result, result.markdown);
  return result.pools.every(({ verdict }) => verdict === "changes") ? 0 : 1;
}
