import { cleanLine } from "../domain/clean-text.ts";
import type { Command } from "../domain/command.ts";
import { findTarget } from "../domain/command-target.ts";
import type { Until } from "../domain/command-time.ts";
import {
  allowed,
  type CommandedStacks,
  findOne,
  type GivenCommand,
  notFound,
  type Sentence,
  say,
  targetOf,
} from "./given-command.ts";
import { renderDecision } from "./render-answer.ts";
import type { ControlsResult } from "./scaling.ts";

type ControlCommand = Extract<Command, { kind: "pause" | "pin" }> | { kind: "resume"; target: string | null };

/** Carries out a pause, a pin or the end of them. Throws `TryAgainError` where the same may work later. */
export async function runControlCommand(
  given: GivenCommand,
  command: ControlCommand,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const { owner, repo, actor, nowMs } = given;
  const by = actor.login;
  if (command.kind === "pin") {
    const found = findOne(given, command.target, stacks.served(owner, repo));
    if (found.kind === "said") return found;
    const { id, alias } = found.stack.name;
    const [view] = await stacks.readPools(id, found.pool);
    const change = view?.committed == null ? null : { from: view.committed, to: command.value };
    const denied = allowed(given, { alias, change });
    if (denied !== null) return denied;
    const { value, why } = command;
    const wish = {
      kind: "pin",
      pool: found.pool,
      value,
      why,
      by,
      source: "comment",
      event: given.event,
    } as const;
    return told(command.kind, await stacks.control(id, { ...wish, untilMs: endOf(command.until, nowMs) }));
  }
  const served = stacks.served(owner, repo);
  const target = command.target ?? (served.length === 1 ? null : "all");
  const found = findTarget(target, served.map(targetOf), "stack-or-pool");
  const alias = "alias" in found ? found.alias : null;
  const denied = allowed(given, { alias, change: null });
  if (denied !== null) return denied;
  if (found.kind === "all") {
    const wish = command.kind === "resume" ? RESUME : pauseOf(command, nowMs);
    return told(command.kind, await stacks.controlRepository(owner, repo, { ...wish, by }));
  }
  const stack = served.find(({ name }) => name.alias === alias);
  if (stack === undefined) return say(notFound(found));
  const pool = found.kind === "pool" ? found.pool : null;
  const wish = command.kind === "resume" ? RESUME : pauseOf(command, nowMs);
  return told(command.kind, await stacks.control(stack.name.id, { ...wish, pool, by }));
}

const RESUME = { kind: "resume", why: "" } as const;

function pauseOf({ direction, until, why }: Extract<Command, { kind: "pause" }>, nowMs: number) {
  return { kind: "pause", direction, untilMs: endOf(until, nowMs), why } as const;
}

function endOf(until: Until, nowMs: number): number | null {
  if (until === null) return null;
  return until.kind === "for" ? nowMs + until.ms : until.atMs;
}

const MARKS = { pause: "⏸️", pin: "📌", resume: "▶️" } as const;

function told(command: ControlCommand["kind"], { kind, message, scale }: ControlsResult): Sentence {
  const mark = { changed: MARKS[command], unchanged: "🤷", refused: "🚫" }[kind];
  const moved = scale === null ? "" : `\n\n${renderDecision(scale, "commit")}`;
  return say(`${mark} ${cleanLine(message, 2_000)}${moved}`);
}
