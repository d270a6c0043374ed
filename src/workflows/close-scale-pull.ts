import type { Snapshot } from "../domain/snapshot.ts";
import type { ScaleContext } from "./read-situation.ts";
import type { OpenBranch, Settled } from "./settled.ts";

/** Closes a pull request that has nothing left to do, and says why on it. */
export async function closeScalePull(
  { forge, place }: ScaleContext,
  { repositoryId }: Snapshot,
  { name, headOid, pull }: OpenBranch,
  why: string,
): Promise<Settled> {
  await forge.closePull(place, { repositoryId, number: pull.number, branch: name, headOid }, why);
  return { kind: "closed", pullRequest: pull.number, message: why };
}
