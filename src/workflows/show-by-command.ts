import { type FoundTarget, findTarget } from "../domain/command-target.ts";
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
import { renderHistory, renderPools } from "./render-answer.ts";

/** Each is a read of its own. */
const MOST_STACKS = 20;

/** How the pools stand that a command is about; without a target, all of them. */
export async function showStatus(
  given: GivenCommand,
  target: string | null,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const served = stacks.served(given.owner, given.repo);
  const found: FoundTarget =
    target === null ? { kind: "all" } : findTarget(target, served.map(targetOf), "stack-or-pool");
  const meant = served.filter(
    ({ name }) => found.kind === "all" || ("alias" in found && found.alias === name.alias),
  );
  const [only] = meant;
  const alias = found.kind === "all" || only === undefined ? null : only.name.alias;
  const denied = allowed(given, { alias, change: null });
  if (denied !== null) return denied;
  if (meant.length === 0) return say(notFound(found));
  const pool = found.kind === "pool" ? found.pool : undefined;
  const views = await Promise.all(
    meant.slice(0, MOST_STACKS).map(({ name }) => stacks.readPools(name.id, pool)),
  );
  const more = meant.length > MOST_STACKS ? `\n\n… and ${meant.length - MOST_STACKS} more stacks` : "";
  return say(`${renderPools(views.flat())}${more}`);
}

/** The newest changes of one pool. */
export async function showHistory(
  given: GivenCommand,
  target: string | null,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const found = findOne(given, target, stacks.served(given.owner, given.repo));
  if (found.kind === "said") return found;
  const { name } = found.stack;
  const denied = allowed(given, { alias: name.alias, change: null });
  return denied ?? say(renderHistory(name.alias, found.pool, await stacks.readHistory(name.id, found.pool)));
}
