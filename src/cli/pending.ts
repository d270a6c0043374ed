import { readHeadCommit } from "../apply/checkout.ts";
import { listPending } from "../apply/list-pending.ts";
import { type DeployFlags, readDeployFlags } from "./deploy-flags.ts";
import { printAnswer } from "./print-answer.ts";

/** `pulumiscale pending`: the stacks of the ledger that have something to do, without Pulumi. */
export async function runPending(flags: DeployFlags): Promise<number> {
  const { job, world, forge } = readDeployFlags(flags);
  const commit = await readHeadCommit(job.workDir);
  const warn = (sentence: string) => world.say("warning", sentence);
  const stacks = await listPending(forge, job.repository, commit, job.trigger, world.ledger, warn);
  const lines = stacks.map(({ alias, dir }) => `${alias} (${dir})`);
  printAnswer(flags, stacks, lines.length === 0 ? "No stack has anything to do." : lines.join("\n"));
  return 0;
}
