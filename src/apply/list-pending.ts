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
  const lost: Error[] = [];
  let readable = 0;
  for (const { place, entry: text } of await forge.listStacks(repository)) {
    const parsed = parseEntry(text);
    if (parsed.kind !== "entry") {
      const why = parsed.kind === "newer" ? "it was written by a newer version" : parsed.message;
      say(`The ledger's entry of ${place.alias} is left out, since it is not readable: ${why}.`);
      continue;
    }
    const { project, stack, dir } = parsed.entry;
    // One stack whose directory is gone must not keep all the others from being applied.
    const read = await readPlan(forge, place, { commit, project }, trigger).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      lost.push(error);
      say(`The stack ${place.alias} is left out. ${error.message}`);
      return null;
    });
    if (read === null) continue;
    readable += 1;
    const { plan } = read;
    if (plan.kind === "apply" || plan.kind === "full-needed")
      pending.push({ alias: place.alias, project, stack, dir });
  }
  // With none left it is rather the branch, or the token.
  if (readable === 0 && lost[0] !== undefined) throw lost[0];
  return pending;
}

function isNotFound(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "not-found";
}
