import { carriedScales, prepareScale } from "../delivery/prepare-scale.ts";
import { openInRangePull } from "../delivery/pull-request.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { closeScalePull } from "./close-scale-pull.ts";
import { gateOf } from "./gate-of.ts";
import { HANDS_OFF } from "./hands-off.ts";
import { holdsOnly } from "./holds-only.ts";
import { mergeIntoBase } from "./merge-into-base.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import { AGAIN, type OpenBranch, type Settled } from "./settled.ts";
import { waitWithNote } from "./wait-with-note.ts";
import { heldNote, whyHeld } from "./why-held.ts";

/**
 * Merges a stack's in-range pull request when it still says what is right, makes it anew on the newest head when the file has
 * moved, closes it when nothing of it is left.
 */
export async function settleInRange(
  context: ScaleContext,
  snapshot: Snapshot,
  branch: OpenBranch,
): Promise<Settled | typeof AGAIN> {
  const { forge, place } = context;
  const situation = readSituation(context, snapshot);
  const { record } = situation;
  const { pull } = branch;
  // Without our mark, it is still ours to merge where it holds just what we would write: somebody may only have edited its text.
  if (!pull.isOurs && !holdsWhatItSays(context, snapshot, branch)) return stopped(context, branch, HANDS_OFF);
  const paused = context.paused ?? record.policy.paused;
  if (paused !== null) return stopped(context, branch, `Scaling is paused: ${paused}.`);
  if (pull.isDraft)
    return stopped(context, branch, "It is a draft: mark it ready for review, and it merges by itself.");
  const stack = { ...place, contract: record.contract };
  const asked = carriedScales(snapshot, stack, []);
  const nowMs = context.clock();
  const free = asked.scales.filter((scale) => whyHeld(situation, scale, nowMs) === null);
  const [first] = asked.scales;
  if (free.length === 0 && first !== undefined)
    return stopped(context, branch, heldNote(whyHeld(situation, first, nowMs) ?? ""));
  // What is held back of one pool is in no other's way: it is asked for anew, if it lasts.
  const carried = { ...asked, scales: free };
  const prepared = prepareScale(snapshot, stack, [], carried);
  if (prepared.kind === "unusable") {
    const why =
      carried.scales.length === 0 ? "The values have moved on since it was opened." : prepared.message;
    return closeScalePull(context, snapshot, branch, why);
  }
  const gate = carried.scales.map((scale) => gateOf(record, scale)).find((why) => why !== null);
  if (gate != null)
    return stopped(context, branch, `It may not merge by itself under the rules of today: ${gate}.`);
  const commit = parseScaleCommit(branch.headMessage);
  // GitHub counts a pull request's commits and files a moment after a push.
  if (pull.headOid !== branch.headOid) return AGAIN;
  const remake = async () => {
    await openInRangePull(forge, place, snapshot, prepared.scale, [], record.policy.commitPrefix);
    return AGAIN;
  };
  if (!holdsOnly(branch, prepared.scale.text) || commit?.scales.length !== carried.scales.length)
    return remake();
  const { mergeMethod } = record.policy;
  const request = mergeRequest({ ...branch, number: pull.number }, mergeMethod, snapshot.mergeMethods);
  const merged = await mergeIntoBase(context, branch, request, "may-merge-by-itself", snapshot.headOid);
  return merged.kind === "behind" ? remake() : merged;
}

/** Whether the head changes the values that its own message names, and nothing else. */
function holdsWhatItSays(
  { place, readRecord }: ScaleContext,
  snapshot: Snapshot,
  branch: OpenBranch,
): boolean {
  const stack = { alias: place.alias, project: place.project, contract: readRecord(snapshot).contract };
  const prepared = prepareScale(snapshot, stack, [], carriedScales(snapshot, stack, []));
  return prepared.kind === "prepared" && holdsOnly(branch, prepared.scale.text);
}

/** It may not merge now, so GitHub is not to do it either. */
async function stopped(context: ScaleContext, branch: OpenBranch, why: string): Promise<Settled> {
  const { forge, place } = context;
  const { pull } = branch;
  if (pull.isAutoMerging) await forge.withdrawAutoMerge(place, pull.nodeId);
  const { isQueued, note } = await forge.readStanding(place, pull.number);
  if (isQueued) await forge.dequeuePull(place, pull.nodeId);
  return waitWithNote(context, branch, why, note);
}
