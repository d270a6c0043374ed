import { findStack } from "./local/find-stack.ts";
import { type LocalFlags, localOutside } from "./local/flags.ts";
import { describeBrought, fullUp } from "./local/full-up.ts";
import { openProgram } from "./local/open-program.ts";
import { printAnswer } from "./print-answer.ts";

/** `pulumiscale up`: the maintenance mode, a full update that leaves the ledger saying what is applied. */
export async function runUp(flags: LocalFlags): Promise<number> {
  const outside = localOutside();
  process.once("SIGINT", outside.interrupt);
  process.once("SIGTERM", outside.interrupt);
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const pools = await fullUp(program, outside);
  const sentences = describeBrought(pools);
  const standing = pools.map(({ pool, applied }) => `${pool} ${applied ?? "?"}`).join(", ");
  printAnswer(flags, { pools }, [`${program.place.alias} is up: ${standing}.`, ...sentences].join("\n"));
  return 0;
}
