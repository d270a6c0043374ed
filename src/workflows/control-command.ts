import { cleanLine } from "../domain/clean-text.ts";
import type { Command } from "../domain/command.ts";
import { findTarget } from "../domain/command-target.ts";
import type { Until } from "../domain/command-time.ts";
import {
  allowed,
  type CommandedStacks,
  type GivenCommand,
  notFound,
  replacesOf,
  type Sentence,
  say,
  targetOf,
} from "./given-command.ts";
import { renderDecision } from "./render-answer.ts";
import type { ControlsResult } from "./scaling.ts";

type ControlCommand = Extract<Command, { kind: "pause" }> | { kind: "resume"; target: string | null };

/** Carries out a pause, or the end of pauses and pins. Throws `TryAgainError` where the same may work later. */
export async function runControlCommand(
  given: GivenCommand,
  command: ControlCommand,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const { owner, repo, actor, nowMs } = given;
  const served = stacks.served(owner, repo);
  const target = command.target ?? (served.length === 1 ? null : "all");
  const found = findTarget(target, served.map(targetOf), "stack-or-pool");
  const alias = "alias" in found ? found.alias : null;
  const denied = allowed(given, { alias, change: null });
  if (denied !== null) return denied;
  const wish = {
    ...(command.kind === "resume"
      ? RESUME
      : { ...pauseOf(command, nowMs), replaces: replacesOf(given, alias) }),
    by: actor.login,
  };
  if (found.kind === "all") return told(command.kind, await stacks.controlRepository(owner, repo, wish));
  const stack = served.find(({ name }) => name.alias === alias);
  if (stack === undefined) return say(notFound(found));
  const pool = found.kind === "pool" ? found.pool : null;
  return told(command.kind, await stacks.control(stack.name.id, { ...wish, pool }));
}

const RESUME = { kind: "resume", why: "" } as const;

function pauseOf({ direction, until, why }: Extract<Command, { kind: "pause" }>, nowMs: number) {
  return { kind: "pause", direction, untilMs: endOf(until, nowMs), why } as const;
}

/** When a pause or a pin is over, in milliseconds; null: when somebody resumes it. */
export function endOf(until: Until, nowMs: number): number | null {
  if (until === null) return null;
  return until.kind === "for" ? nowMs + until.ms : until.atMs;
}

const MARKS = { pause: "⏸️", pin: "📌", resume: "▶️" } as const;

/** What a change of the controls has come to, as a sentence or two. */
export function told(command: keyof typeof MARKS, { kind, message, scale }: ControlsResult): Sentence {
  const mark = { changed: MARKS[command], unchanged: "🤷", refused: "🚫" }[kind];
  const moved = scale === null ? "" : `\n\n${renderDecision(scale, "commit")}`;
  return say(`${mark} ${cleanLine(message, 2_000)}${moved}`);
}
