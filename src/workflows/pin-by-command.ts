import type { Command } from "../domain/command.ts";
import type { Progress } from "../domain/reply.ts";
import { endOf, told } from "./control-command.ts";
import {
  allowed,
  type CommandedStacks,
  type FoundPool,
  findOne,
  type GivenCommand,
  replacesOf,
} from "./given-command.ts";
import { progressOf, type Scaled } from "./scale-by-command.ts";
import type { ScaleResult } from "./scaling.ts";

/** Pins a pool, and has the answer follow its value. Throws `TryAgainError` where the same may work later. */
export async function pinByCommand(
  given: GivenCommand,
  { target, value, until, why }: Extract<Command, { kind: "pin" }>,
  stacks: CommandedStacks,
): Promise<Scaled> {
  const { owner, repo, actor, event, nowMs } = given;
  const found = findOne(given, target, stacks.served(owner, repo));
  if (found.kind === "said") return found;
  const { pool } = found;
  const { id, alias } = found.stack.name;
  const [view] = await stacks.readPools(id, pool);
  const change = view?.committed == null ? null : { from: view.committed, to: value };
  const denied = allowed(given, { alias, change });
  if (denied !== null) return denied;
  const wish = { kind: "pin", pool, value, why, by: actor.login, source: "comment", event } as const;
  const replaces = replacesOf(given, alias);
  const result = await stacks.control(id, { ...wish, untilMs: endOf(until, nowMs), replaces });
  const sentence = told("pin", result);
  const progress = result.scale === null ? null : await progressFrom(result.scale, found, given, value);
  return progress === null ? sentence : { kind: "scale", alias, pool, event, text: sentence.text, progress };
}

/** How far a pin's value has come; null where nothing comes of it. */
async function progressFrom(
  { kind, reasons }: ScaleResult,
  { stack }: FoundPool,
  { event, actor }: GivenCommand,
  value: number,
): Promise<Progress | null> {
  const known = await progressOf(stack, event);
  if (known.kind !== "gone" || kind === "scale") return known;
  const isHeld = kind === "hold" && !reasons.some(({ code }) => code === "unchanged");
  return isHeld ? { kind: "pinned", value, by: actor.login } : null;
}
