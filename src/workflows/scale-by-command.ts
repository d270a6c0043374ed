import type { CommandReach } from "../domain/command-rights.ts";
import type { Ask, Intent } from "../domain/intent.ts";
import type { Progress, ReplyLine } from "../domain/reply.ts";
import {
  allowed,
  type CommandedStacks,
  type FoundPool,
  type GivenCommand,
  type Sentence,
  type ServedStack,
  say,
} from "./given-command.ts";
import { readProgress } from "./read-progress.ts";
import { readSituation } from "./read-situation.ts";
import { renderDecision } from "./render-answer.ts";
import type { ScaleResult } from "./scaling.ts";

/** What is said of a change, and followed. */
export type Scaled = Sentence | Omit<Extract<ReplyLine, { kind: "scale" }>, "command">;

/** Scales a pool as a webhook would, through every guardrail, where the person may move it that far. */
export async function scaleByCommand(
  given: GivenCommand,
  { stack, pool }: FoundPool,
  ask: Ask,
  mode: "commit" | "dry-run",
  stacks: CommandedStacks,
): Promise<Scaled> {
  const { id, alias } = stack.name;
  const known = await progressOf(stack, given.event);
  const intent: Intent = {
    ...{ pool, ask, source: "comment", requestedBy: given.actor.login, event: given.event },
    summary: given.text,
  };
  const place = { kind: "scale", alias, pool, event: given.event } as const;
  if (known.kind !== "gone") return { ...place, text: "It was decided before.", progress: known };
  // What it would come to, for those who may change only so much.
  const [expected] = await stacks.scale(id, [intent], "dry-run");
  const denied = allowed(given, { alias, change: changeOf(expected) });
  if (denied !== null) return denied;
  if (mode === "dry-run") return say(renderDecision(expected, "dry-run"));
  const [result] = await stacks.scale(id, [intent], "commit");
  const text = renderDecision(result, "commit");
  if (result?.kind !== "scale") return say(text);
  return { ...place, text, progress: await progressOf(stack, given.event) };
}

/** Asks for the value that the pool had before its last change. */
export async function undoByCommand(
  given: GivenCommand,
  found: FoundPool,
  stacks: CommandedStacks,
): Promise<Scaled> {
  const { stack, pool } = found;
  const [last] = await stacks.readHistory(stack.name.id, pool);
  if (last === undefined || last.from === null || last.to === null) {
    const denied = allowed(given, { alias: stack.name.alias, change: null });
    return denied ?? say(`🤷 \`${stack.name.alias}/${pool}\` has had no other value that could come back.`);
  }
  return scaleByCommand(given, found, { kind: "value", value: last.from }, "commit", stacks);
}

/** How far the change that an event has asked for has come. */
export async function progressOf({ context }: ServedStack, event: string): Promise<Progress> {
  return readProgress(readSituation(context, await context.snapshots.get()), event);
}

function changeOf(result: ScaleResult | undefined): CommandReach["change"] {
  return result?.from == null || result.to === null ? null : { from: result.from, to: result.to };
}
