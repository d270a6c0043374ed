import type { Command } from "../domain/command.ts";
import { type Actor, type CommandReach, type CommandRules, mayCommand } from "../domain/command-rights.ts";
import { type FoundTarget, findTarget, type TargetStack } from "../domain/command-target.ts";
import type { Pool } from "../domain/contract.ts";
import type { Replaces } from "../domain/edit-holds.ts";
import type { Intent } from "../domain/intent.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackName } from "../domain/stack-name.ts";
import { toSentence } from "../domain/to-sentence.ts";
import type { CommentedPull } from "../forge/comment-forge.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { ScaleContext } from "./read-situation.ts";
import type {
  ControlsResult,
  HistoryView,
  PoolView,
  RepositoryControl,
  ScaleMode,
  ScaleResult,
  StackControl,
} from "./scaling.ts";

/** A stack that may be scaled. */
export type ServedStack = { name: StackName; context: ScaleContext; pools: readonly Pool[] };

/** The stacks of a repository, as commands use them. */
export interface CommandedStacks {
  served(owner: string, repo: string): ServedStack[];
  scale(stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]>;
  readPools(stackId: string, pool?: string): Promise<PoolView[]>;
  readHistory(stackId: string, pool: string): Promise<HistoryView[]>;
  control(stackId: string, wish: StackControl): Promise<ControlsResult>;
  controlRepository(owner: string, repo: string, wish: RepositoryControl): Promise<ControlsResult>;
}

/** Plans of workloads, as commands on their pull requests need them. */
export interface PlanCommands {
  find(repository: RepositoryName, number: number): Promise<ReadPlan>;
  reject(repository: RepositoryName, number: number, by: string, why: string): Promise<void>;
}

/** One command of a comment, ready to be carried out. */
export type GivenCommand = {
  owner: string;
  repo: string;
  /** The line as it was written, cleaned. */
  text: string;
  command: Command;
  actor: Actor;
  rules: CommandRules | undefined;
  /** The identity of this line of this comment. */
  event: string;
  /** The issue or pull request that it was written on. */
  issue: number;
  /** When it was written, in milliseconds: what `for 2h` counts from. */
  nowMs: number;
  /** The pull request that it was written on; null on an issue. Asked for where a command needs it. */
  readPull: () => Promise<CommentedPull | null>;
  /** When the pull request's head was pushed, in milliseconds; null where GitHub does not tell. */
  readPushTime: (branch: string, headOid: string) => Promise<number | null>;
  plans: PlanCommands;
  /** Asks the repository's deploy workflow to apply what is pending of a stack. */
  requestApply: (repository: RepositoryName, alias: string) => Promise<void>;
};

/** What is said about a command, where nothing goes on after it. */
export type Sentence = { kind: "said"; text: string };
/** A pool that a command is about, and its stack. */
export type FoundPool = { kind: "pool"; stack: ServedStack; pool: string };

/** Of what touches nothing. */
export const NOWHERE: CommandReach = { alias: null, change: null };

/** The one pool that a command is about, or what to write instead. */
export function findOne(
  given: GivenCommand,
  target: string | null,
  served: readonly ServedStack[],
): FoundPool | Sentence {
  const found = findTarget(target, served.map(targetOf), "pool");
  const stack = found.kind === "pool" ? served.find(({ name }) => name.alias === found.alias) : undefined;
  if (found.kind === "pool" && stack !== undefined) return { kind: "pool", stack, pool: found.pool };
  // Who may do nothing here learns nothing of what there is.
  return allowed(given, NOWHERE) ?? say(notFound(found));
}

/** A stack as `findTarget` takes it. */
export function targetOf({ name, pools }: ServedStack): TargetStack {
  return { alias: name.alias, formerAliases: name.formerAliases ?? [], pools };
}

/** What is said where no pool or stack was found; the sentence names what may be written instead. */
export function notFound(found: FoundTarget): string {
  if (!("message" in found)) return "❓ This command is about one pool.";
  return `❓ ${toSentence(found.message)}`;
}

/** What is said to somebody who may not; null where they may. */
export function allowed({ actor, command, rules }: GivenCommand, reach: CommandReach): Sentence | null {
  const right = mayCommand(actor, command, reach, rules);
  return right.kind === "allowed" ? null : say(`🔒 ${right.why}`);
}

/** Who may not end other people's pauses and pins does not end them by setting shorter ones either. */
export function replacesOf({ actor, rules }: GivenCommand, alias: string | null): Replaces {
  const right = mayCommand(actor, { kind: "resume", target: null }, { alias, change: null }, rules);
  return right.kind === "allowed" ? "all" : "own";
}

/** A sentence, and nothing that goes on after it. */
export function say(text: string): Sentence {
  return { kind: "said", text };
}
