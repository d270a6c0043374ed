import { randomBytes } from "node:crypto";
import { cleanOutput } from "../apply/clean-output.ts";
import { systemClock } from "../clock.ts";
import { findTarget } from "../domain/command-target.ts";
import type { Contract } from "../domain/contract.ts";
import type { ControlsChange, ControlsTarget } from "../domain/controls-change.ts";
import type { Intent } from "../domain/intent.ts";
import type { StackNames } from "../domain/names.ts";
import { findPool } from "../domain/pool-history.ts";
import { toSentence } from "../domain/to-sentence.ts";
import { readLedgerRemotes } from "../forge/local-ledger-remotes.ts";
import { controlStacks } from "../workflows/control-stacks.ts";
import { deliverLocally } from "../workflows/deliver-locally.ts";
import { scalePools } from "../workflows/scale-pool.ts";
import { parseControlWords } from "./control-words.ts";
import { findStack } from "./local/find-stack.ts";
import { type LocalFlags, type LocalOutside, localOutside } from "./local/flags.ts";
import { type LocalProgram, openProgram } from "./local/open-program.ts";
import { readContract } from "./local/read-rules.ts";
import { recoverUpdates, recoverValues } from "./local/recover.ts";
import { printAnswer } from "./print-answer.ts";
import { contextOf, readAuthor } from "./scale.ts";
import { UsageError } from "./usage-error.ts";

export type ControlFlags = LocalFlags & { why?: string };

/** A command line as it was given: `words` are what stands after the target. */
export type ControlCommand =
  | { kind: "pause" | "resume"; target: string; words: readonly string[] }
  | { kind: "pin"; target: string; value: string; words: readonly string[] };

/**
 * `pulumiscale pause | pin | resume`: writes it into the local state folder, from where a running `serve` reads it with its next
 * decision. A pin commits its value as well, through every guardrail; where one holds it, the command has failed. Where the App scales
 * the repository too, it says that it does not reach that.
 */
export async function runControl(command: ControlCommand, flags: ControlFlags): Promise<number> {
  const nowMs = systemClock();
  const { untilMs, direction } = parseControlWords(command.words, nowMs);
  const value = command.kind === "pin" ? parseValue(command.value) : null;
  if (command.kind !== "pause" && direction !== "both")
    throw new UsageError(`Only a pause is of one direction: leave ${direction} out.`);
  if (command.kind === "resume" && untilMs !== null)
    throw new UsageError("What is resumed has no end: leave it out.");
  const outside = localOutside();
  process.once("SIGINT", outside.interrupt);
  process.once("SIGTERM", outside.interrupt);
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const { contract } = await readContract(program, outside);
  const target = targetOf(command, program.place, contract);
  const said = { by: await readAuthor(program), why: outside.redact(flags.why ?? ""), nowMs };
  if (value !== null) {
    await recoverUpdates(program, outside);
    await recoverValues(program, outside);
  }
  const result = await control(program, contract, toChange());
  printAnswer(flags, { stack: program.place.alias, ...result }, cleanOutput(result.message));
  if (result.kind !== "refused") await tellOfApp(program, command.kind, outside);
  const isHeld = result.scale !== null && result.scale.kind !== "scale";
  const isThere = result.scale?.reasons.some(({ code }) => code === "unchanged") === true;
  return result.kind === "refused" || (isHeld && !isThere) ? 1 : 0;

  function toChange(): ControlsChange {
    if (command.kind === "resume") return { kind: "resume", target, ...said };
    if (value === null) return { kind: "pause", target, direction, untilMs, ...said };
    if (target.kind !== "pool") throw new UsageError("A pin is of one pool: name it.");
    const event = randomBytes(8).toString("hex");
    return { kind: "pin", target, value, untilMs, source: "cli", event, ...said };
  }
}

async function tellOfApp(
  { repository }: LocalProgram,
  kind: ControlCommand["kind"],
  outside: LocalOutside,
): Promise<void> {
  const remotes = repository === null ? [] : await readLedgerRemotes(repository);
  if (remotes.length === 0) return;
  outside.tell(
    `This counts for serve and the commands in this work tree alone. There is a ledger branch at ${remotes.join(", ")}, so the GitHub App may scale the stack too: steer that by a comment with \`/scale ${kind} …\`, or by POST /${kind}.`,
  );
}

function control(
  program: LocalProgram,
  contract: Contract,
  change: ControlsChange,
): ReturnType<typeof controlStacks> {
  const { place, controls: forge } = program;
  const context = contextOf(program, contract, {});
  const deliverer = deliverLocally(context, program.forge, null);
  const scale = async (intent: Intent) => (await scalePools(context, deliverer, [intent]))[0] ?? null;
  return controlStacks({ forge, place, contexts: [context], scale, settle: () => {} }, change);
}

/** `all` is every stack that is scaled in this work tree or folder. */
function targetOf(
  { kind, target }: ControlCommand,
  { alias, formerAliases = [] }: StackNames,
  contract: Contract,
): ControlsTarget {
  const pools = [...contract.values()];
  const found = findTarget(
    target,
    [{ alias, formerAliases, pools }],
    kind === "pin" ? "pool" : "stack-or-pool",
  );
  switch (found.kind) {
    case "all":
    case "stack":
      return found;
    case "pool": {
      const pool = findPool(contract, found.pool);
      if (pool !== undefined) return { kind: "pool", alias, pool };
      throw new Error(`a pool was found that is not in the contract: ${found.pool}`);
    }
    case "ambiguous":
    case "unknown":
      throw new UsageError(toSentence(found.message.replaceAll("`", "")));
  }
}

function parseValue(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new UsageError(`${JSON.stringify(text)} is no value to pin a pool at: give one such as 6.`);
}
