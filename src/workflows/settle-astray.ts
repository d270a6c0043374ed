import { cleanLine } from "../domain/clean-text.ts";
import { ownBranches } from "../domain/own-branches.ts";
import type { AstrayPull, Snapshot } from "../domain/snapshot.ts";
import type { ScaleContext } from "./read-situation.ts";
import type { Settled } from "./settled.ts";

/**
 * Takes our hands off each pull request whose base somebody has changed, and says so there, once: GitHub is not to merge it in our name
 * either.
 */
export async function settleAstray(context: ScaleContext): Promise<Settled[]> {
  const { forge, place } = context;
  const settled: Settled[] = [];
  for (const { number, nodeId, base, isAutoMerging } of findAstray(await context.snapshots.get())) {
    if (isAutoMerging) await forge.withdrawAutoMerge(place, nodeId);
    const { isOpen, isQueued, note } = await forge.readStanding(place, number);
    if (!isOpen) continue;
    if (isQueued) await forge.dequeuePull(place, nodeId);
    const to = `\`${cleanLine(base, 120)}\` instead of \`${cleanLine(place.branch, 120)}\``;
    const why = `Somebody has changed the base: this goes to ${to}, so nothing of ours keeps it up to date or merges it any more. Merge it by hand, or set the base back. The next demand closes it and opens a new one.`;
    await forge.writeNote(place, number, note, why);
    settled.push({ kind: "waiting", pullRequest: number, message: why });
  }
  return settled;
}

function findAstray(snapshot: Snapshot): AstrayPull[] {
  return ownBranches(snapshot).flatMap(({ astray }) => astray ?? []);
}
