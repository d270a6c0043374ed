import { parseEntry } from "../ledger/entry.ts";
import type { ApplyForge, RepositoryPlace } from "./apply-forge.ts";
import { readPlan, type Trigger } from "./read-plan.ts";

/** A stack with something to do, as one line of a job matrix. */
export type PendingStack = { alias: string; project: string; stack: string; dir: string };

/**
 * The stacks of the ledger for which a run of `apply` at `commit` would do something, a full up included. Without
 * Pulumi. An entry that cannot be read is told through `say` and left out. Throws `ForgeError`.
 */
export async function listPending(
  forge: ApplyForge,
  repository: RepositoryPlace,
  commit: string,
  trigger: Trigger,
  say: (sentence: string) => void,
): Promise<PendingStack[]> {
  const pending: PendingStack[] = [];
  for (const { place, entry: text } of await forge.listStacks(repository)) {
    const parsed = parseEntry(text);
    if (parsed.kind !== "entry") {
      const why = parsed.kind === "newer" ? "it was written by a newer version" : parsed.message;
      say(`The ledger's entry of ${place.alias} is left out, since it is not readable: ${why}.`);
      continue;
    }
    const { project, stack, dir } = parsed.entry;
    const { plan } = await readPlan(forge, place, { commit, project }, trigger);
    if (plan.kind === "apply" || plan.kind === "full-needed")
      pending.push({ alias: place.alias, project, stack, dir });
  }
  return pending;
}
