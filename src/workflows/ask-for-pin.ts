import { pinnedValue, pinOf } from "../domain/hold-of.ts";
import type { Intent } from "../domain/intent.ts";
import { findPool } from "../domain/pool-history.ts";
import type { Progress, ReplyLine } from "../domain/reply.ts";
import type { CommandedStacks, ServedStack } from "./given-command.ts";
import { readSituation } from "./read-situation.ts";
import { renderDecision } from "./render-answer.ts";
import { progressOf } from "./scale-by-command.ts";
import { type ScaleResult, TryAgainError } from "./scaling.ts";

type ScaleLine = Extract<ReplyLine, { kind: "scale" }>;
type Pinned = Extract<Progress, { kind: "pinned" }>;

/**
 * Asks once more for a pin's value that was held back, through every guardrail, and answers what is to be said by now. It is the answer to
 * the pin's comment that asks, and only while the pin stands as that person has said it: a ledger that somebody else has written moves
 * nothing.
 */
export async function askForPin(
  line: ScaleLine,
  { value, by }: Pinned,
  stack: ServedStack,
  stacks: Pick<CommandedStacks, "scale">,
  /** Whether the pin's author may give commands by now. Asked where the value could go through. */
  mayAsk: () => Promise<boolean>,
): Promise<ReplyLine> {
  const known = await progressOf(stack, line.event);
  if (known.kind !== "gone") return { ...line, progress: known };
  const { context, name } = stack;
  const { record, readState } = readSituation(context, await context.snapshots.get());
  const pool = findPool(record.contract, line.pool);
  const read = pool === undefined ? undefined : readState(pool);
  if (pool === undefined || read?.kind !== "state") return line;
  const pin = pinOf(read.state.holds, context.clock());
  if (pin?.value !== value || pin.by !== by)
    return end(line, "🤷 The pin ended before its value came about.");
  if (read.state.committed === pinnedValue(pin, pool)) return end(line, "✅ The value stands.");
  const intent: Intent = {
    ...{ pool: pool.name, ask: { kind: "value", value }, source: "comment", requestedBy: by },
    ...{ event: line.event, summary: line.command },
  };
  if ((await scale(stacks, name.id, intent, "dry-run"))?.kind !== "scale") return line;
  if (!(await mayAsk()))
    return end(line, "🔒 Its value is not asked for any more: who has pinned it may not scale by now.");
  const result = await scale(stacks, name.id, intent, "commit");
  if (result?.kind !== "scale") return line;
  const text = `${line.text}\n\n${renderDecision(result, "commit")}`;
  return { ...line, text, progress: await progressOf(stack, line.event) };
}

/** Undefined where it may work at the next look. */
async function scale(
  stacks: Pick<CommandedStacks, "scale">,
  stackId: string,
  intent: Intent,
  mode: "commit" | "dry-run",
): Promise<ScaleResult | undefined> {
  try {
    return (await stacks.scale(stackId, [intent], mode))[0];
  } catch (error) {
    if (error instanceof TryAgainError) return undefined;
    throw error;
  }
}

function end({ command, text }: ScaleLine, how: string): ReplyLine {
  return { kind: "said", command, text: `${text}\n\n${how}` };
}
