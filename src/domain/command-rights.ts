import { z } from "zod";
import { cleanLine } from "./clean-text.ts";
import type { Command } from "./command.ts";
import { COMMAND_NAMES, type CommandName } from "./command-table.ts";
import { CountOrPercent, countOf } from "./contract.ts";
import { Alias } from "./names.ts";

const Login = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "a login, without @");
const Team = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "a team's slug as in its URL, without the organization");
const List = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(100);

/** One rule: what all of its lines say has to hold. `teams` and `users` together mean either. */
const AllowRule = z.strictObject({
  teams: List(Team).optional(),
  users: List(Login).optional(),
  permission: z.enum(["write", "maintain", "admin"]).optional(),
  commands: List(z.enum(COMMAND_NAMES)).optional(),
  /** The largest change of a pool at once: units, or a percentage of the current value. */
  changeUpTo: CountOrPercent.optional(),
  stacks: List(Alias).optional(),
});

/** Who may give which commands. Write permission is always needed; `allow` narrows it to those that a rule lets in. */
export const CommandRules = z.strictObject({ allow: z.array(AllowRule).max(100).optional() });
export type CommandRules = z.infer<typeof CommandRules>;
type AllowRule = z.infer<typeof AllowRule>;

export type Permission = "none" | "read" | "triage" | "write" | "maintain" | "admin";

/** Who gives a command. `teams`: slugs of the organization's teams that they are an active member of, at least those of `teamsIn`. */
export type Actor = { login: string; permission: Permission; teams: readonly string[] };

/**
 * What a command touches: a stack, or with null the whole repository; and the change of the pool's value that it asks for, or null
 * where there is none or it is not known.
 */
export type CommandReach = { alias: string | null; change: { from: number; to: number } | null };

export type CommandRight = { kind: "allowed" } | { kind: "refused"; why: string };

const RANK: readonly Permission[] = ["none", "read", "triage", "write", "maintain", "admin"];

/**
 * Whether somebody may give this command. `rules` is the key `commands` of the repository file. Fails closed: a rule with `stacks`
 * lets nobody speak for the whole repository, and one with `changeUpTo` lets no change pass whose size is not known. `help` needs
 * write permission alone. `why` is one sentence for a reply.
 */
export function mayCommand(
  actor: Actor,
  command: Command,
  { alias, change }: CommandReach,
  rules: CommandRules | undefined,
): CommandRight {
  if (!hasPermission(actor, "write"))
    return refuse(actor, "commands here are for people with write permission to this repository");
  if (rules?.allow === undefined || command.kind === "help") return { kind: "allowed" };
  const own = rules.allow.filter((rule) => isMeant(rule, actor));
  if (own.length === 0) return refuse(actor, "the rules of this repository let other people give commands");
  const given = own.filter(({ commands }) => commands === undefined || commands.includes(command.kind));
  if (given.length === 0)
    return refuse(actor, `the rules of this repository do not let you use \`${wordsOf(command.kind)}\``);
  const here = given.filter(({ stacks }) => stacks === undefined || isAmong(alias, stacks));
  if (here.length === 0) {
    const where = alias === null ? "on the whole repository at once" : `on the stack \`${cleanLine(alias)}\``;
    return refuse(
      actor,
      `the rules of this repository do not let you use \`${wordsOf(command.kind)}\` ${where}`,
    );
  }
  if (!movesValue(command)) return { kind: "allowed" };
  const limits = here.map(({ changeUpTo }) => limitOf(changeUpTo, change));
  if (
    limits.some(
      (limit) => limit === "none" || (change !== null && Math.abs(change.to - change.from) <= limit),
    )
  )
    return { kind: "allowed" };
  if (change === null)
    return refuse(
      actor,
      "you may change a pool by a limited amount, and how much this would be is not known",
    );
  const most = Math.max(...limits.map((limit) => (limit === "none" ? 0 : limit)));
  const size = Math.abs(change.to - change.from);
  return refuse(
    actor,
    `you may change this pool by ${most} at once, and ${change.from} → ${change.to} is a change by ${size}`,
  );
}

/** The teams that rules name, lower-cased, each once: whose members have to be known before `mayCommand` is asked. */
export function teamsIn(rules: CommandRules | undefined): string[] {
  const teams = (rules?.allow ?? []).flatMap((rule) => rule.teams ?? []);
  return [...new Set(teams.map((team) => team.toLowerCase()))];
}

function isMeant({ teams, users, permission }: AllowRule, actor: Actor): boolean {
  if (permission !== undefined && !hasPermission(actor, permission)) return false;
  if (teams === undefined && users === undefined) return true;
  return isAmong(actor.login, users ?? []) || actor.teams.some((team) => isAmong(team, teams ?? []));
}

/** GitHub's logins and teams do not differ by case, nor do our names of stacks. */
function isAmong(name: string | null, names: readonly string[]): boolean {
  return name !== null && names.some((it) => it.toLowerCase() === name.toLowerCase());
}

function hasPermission({ permission }: Actor, needed: Permission): boolean {
  return RANK.indexOf(permission) >= RANK.indexOf(needed);
}

/** Whether a command sets a value, so that the size of the change counts. */
function movesValue(command: Command): boolean {
  if (command.kind === "scale") return command.dryRun === "commit";
  return command.kind === "pin" || command.kind === "undo" || command.kind === "approve";
}

function limitOf(limit: number | string | undefined, change: CommandReach["change"]): number | "none" {
  return limit === undefined ? "none" : countOf(limit, change?.from ?? 0);
}

function wordsOf(name: CommandName): string {
  return name === "scale" ? "/scale" : `/scale ${name}`;
}

function refuse({ login }: Actor, why: string): CommandRight {
  return { kind: "refused", why: `Sorry, ${cleanLine(login, 40)}, ${why}.` };
}
