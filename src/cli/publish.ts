import { prepareJob } from "../apply/deploy-job.ts";
import { publishStack } from "../apply/publish-stack.ts";
import { type DeployFlags, readDeployFlags } from "./deploy-flags.ts";
import { printAnswer } from "./print-answer.ts";

/** `pulumiscale publish`: after a full up, writes contract, applied values and token hashes to the ledger. */
export async function runPublish(flags: DeployFlags): Promise<number> {
  const { job, world, watch } = readDeployFlags(flags);
  const request = await prepareJob(job, watch);
  // The hashes leave this process, the secrets do not: nothing prints them.
  const entry = await publishStack(request, { ...world, hide: () => {} });
  const pools = Object.entries(entry.applied).map(([pool, value]) => `${pool} ${value}`);
  printAnswer(flags, entry, `Published ${request.place.alias}: ${pools.join(", ")}.`);
  return 0;
}
