import { ownBranches } from "../domain/own-branches.ts";
import type { Forge, StackPlace } from "../forge/forge.ts";
import type { Settled } from "./settled.ts";

/** What is said on what is open under a name that no stack has any more; `heir` is what the stack is called now. */
export function leftBehindSentence(alias: string, heir: string | null): string {
  return heir === null
    ? `No stack is called \`${alias}\` in the ledger any more, so nothing would apply this.`
    : `The stack \`${alias}\` is called \`${heir}\` now, so this is made anew under that name with the next demand.`;
}

/**
 * Closes what is open under a name that no stack has any more, and says why there. What somebody has pushed to stays theirs. `place` has
 * that name. Idempotent. Throws `ForgeError`.
 */
export async function closeLeftBehind(forge: Forge, place: StackPlace, why: string): Promise<Settled[]> {
  const snapshot = await forge.readSnapshot(place, 0);
  const settled: Settled[] = [];
  for (const { name, headOid, pull } of ownBranches(snapshot)) {
    if (pull === null || !pull.isOurs) continue;
    const { repositoryId } = snapshot;
    await forge.closePull(place, { repositoryId, number: pull.number, branch: name, headOid }, why);
    settled.push({ kind: "closed", pullRequest: pull.number, message: why });
  }
  return settled;
}
