import { findPool } from "../domain/pool-history.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import {
  allowed,
  type CommandedStacks,
  findOne,
  type GivenCommand,
  type Sentence,
  say,
} from "./given-command.ts";
import { readSituation } from "./read-situation.ts";

/** What the deploy workflow has to listen for: `repository_dispatch` with this type. */
export const APPLY_EVENT = "pulumiscale-apply";

/**
 * Has a failed apply tried again, by the deploy workflow: the App holds no cloud credentials. The hold ends when an apply succeeds, so
 * there is nothing to take back here. Throws `ForgeError` and `TryAgainError`.
 */
export async function retryByCommand(
  given: GivenCommand,
  target: string | null,
  stacks: CommandedStacks,
  requestApply: (repository: RepositoryName, alias: string) => Promise<void>,
): Promise<Sentence> {
  const { owner, repo } = given;
  const found = findOne(given, target, stacks.served(owner, repo));
  if (found.kind === "said") return found;
  const { context, name } = found.stack;
  const denied = allowed(given, { alias: name.alias, change: null });
  if (denied !== null) return denied;
  context.snapshots.invalidate();
  const { record, readState } = readSituation(context, await context.snapshots.get());
  const pool = findPool(record.contract, found.pool);
  const read = pool === undefined ? undefined : readState(pool);
  const shown = `\`${name.alias}/${found.pool}\``;
  if (read?.kind !== "state")
    return say(`🤷 ${shown} cannot be read at the moment; \`/scale status\` says why.`);
  const { applyFailure, committed, applied } = read.state;
  if (applyFailure === null && applied === committed)
    return say(`🤷 ${shown} is applied: nothing has failed.`);
  await requestApply({ owner, repo }, name.alias);
  return say(
    `🔁 The deploy workflow is asked to apply ${shown} at ${committed} again. It hears of that where it has \`on: repository_dispatch: types: [${APPLY_EVENT}]\`; its schedule tries it in any case.`,
  );
}
