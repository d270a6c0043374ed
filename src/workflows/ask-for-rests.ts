import { prepareScale } from "../delivery/prepare-scale.ts";
import { openApprovalPull } from "../delivery/pull-request.ts";
import { type Rest, restToAskFor } from "../domain/partial-rest.ts";
import { approvalRules } from "../domain/repository-file.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import type { Settled } from "./settled.ts";
import { whyHeld } from "./why-held.ts";

/**
 * Opens the gated pull request for the rest of each move that stops at its threshold (`approval.partial`). Found in what git
 * says, so that a process that died after the first part is made up for; what a person has closed stays closed.
 */
export async function askForRests(context: ScaleContext): Promise<Settled[]> {
  const { forge, place } = context;
  const snapshot = await context.snapshots.get();
  const { record } = readSituation(context, snapshot);
  const opened: Settled[] = [];
  for (const { scale, requestedBy } of findRests(context, snapshot)) {
    const stack = { ...place, contract: record.contract };
    const prepared = prepareScale(snapshot, stack, [], { scales: [scale], requestedBy });
    if (prepared.kind === "unusable") continue;
    const { commitPrefix } = record.policy;
    const pull = await openApprovalPull(forge, place, snapshot, prepared.scale, [], commitPrefix);
    opened.push({ kind: "opened", pullRequest: pull.number });
  }
  if (opened.length > 0) context.snapshots.invalidate();
  return opened;
}

/** The rests that a snapshot shows; no I/O. */
export function findRests(context: ScaleContext, snapshot: Snapshot): Rest[] {
  const situation = readSituation(context, snapshot);
  const { record, readState } = situation;
  if ((context.paused ?? record.policy.paused) !== null) return [];
  const { duplicateSeconds } = record.policy;
  return [...record.contract.values()].flatMap((pool) => {
    const approvals = approvalRules(record.policy, pool);
    if (!approvals.some(({ partial }) => partial === true)) return [];
    const read = readState(pool);
    if (read.kind === "unusable") return [];
    const { inRange } = snapshot;
    const { alias } = context.place;
    const nowMs = context.clock();
    const rest = restToAskFor({ pool, read, inRange, alias, approvals, duplicateSeconds, nowMs });
    return rest === null || whyHeld(situation, rest.scale, nowMs) !== null ? [] : [rest];
  });
}
