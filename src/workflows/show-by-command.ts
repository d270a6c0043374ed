import { type FoundTarget, findTarget } from "../domain/command-target.ts";
import {
  allowed,
  type CommandedStacks,
  type GivenCommand,
  notFound,
  type Sentence,
  type ServedStack,
  say,
  targetOf,
} from "./given-command.ts";
import { renderHistories, renderHistory, renderPools } from "./render-answer.ts";

/** Each is a read of its own. */
const MOST_STACKS = 20;

/** How the pools stand that a command is about; without a target, all of them. */
export async function showStatus(
  given: GivenCommand,
  target: string | null,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const shown = findShown(given, target, stacks);
  if (shown.kind === "said") return shown;
  const views = await Promise.all(
    shown.stacks.map(({ name }) => stacks.readPools(name.id, shown.pool ?? undefined)),
  );
  return say(`${renderPools(views.flat())}${shown.more}`);
}

/** The newest changes of the pools that a command is about; without a target, of all of them. */
export async function showHistory(
  given: GivenCommand,
  target: string | null,
  stacks: CommandedStacks,
): Promise<Sentence> {
  const shown = findShown(given, target, stacks);
  if (shown.kind === "said") return shown;
  const pools = shown.stacks.flatMap(({ name, pools }) =>
    pools
      .filter((pool) => shown.pool === null || pool.name === shown.pool)
      .map((pool) => ({ id: name.id, alias: name.alias, pool: pool.name })),
  );
  const histories = await Promise.all(
    pools.map(async ({ id, alias, pool }) => ({ alias, pool, changes: await stacks.readHistory(id, pool) })),
  );
  const [only, other] = histories;
  if (only !== undefined && other === undefined) return say(renderHistory(only));
  return say(`${renderHistories(histories)}${shown.more}`);
}

type Shown = { kind: "shown"; stacks: ServedStack[]; pool: string | null; more: string };

/** What a command shows, or what is said to somebody who may not see it or has mistyped it. */
function findShown(given: GivenCommand, target: string | null, stacks: CommandedStacks): Shown | Sentence {
  const served = stacks.served(given.owner, given.repo);
  const found: FoundTarget =
    target === null ? { kind: "all" } : findTarget(target, served.map(targetOf), "stack-or-pool");
  const meant = served.filter(
    ({ name }) => found.kind === "all" || ("alias" in found && found.alias === name.alias),
  );
  const [only, other] = meant;
  const alias = only !== undefined && other === undefined ? only.name.alias : null;
  const denied = allowed(given, { alias, change: null });
  if (denied !== null) return denied;
  if (meant.length === 0) return say(notFound(found));
  const more = meant.length > MOST_STACKS ? `\n\n… and ${meant.length - MOST_STACKS} more stacks` : "";
  const pool = found.kind === "pool" ? found.pool : null;
  return { kind: "shown", stacks: meant.slice(0, MOST_STACKS), pool, more };
}
