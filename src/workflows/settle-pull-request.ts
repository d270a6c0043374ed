import { setTimeout as sleep } from "node:timers/promises";
import { openInRangePull } from "../delivery/pull-request.ts";
import { carriedScales, planScale } from "../delivery/scale-plan.ts";
import { approvalNeeded } from "../domain/guardrails.ts";
import { approvalRules } from "../domain/repository-file.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { OpenPull, ScaleBranch, Snapshot } from "../domain/snapshot.ts";
import { ForgeError, type MergeRequest } from "../forge/forge.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import type { StackRecord } from "./stack-record.ts";

export type Settled =
  | { kind: "merged"; pullRequest: number }
  | { kind: "waiting"; pullRequest: number; message: string }
  | { kind: "closed"; pullRequest: number; message: string }
  | { kind: "nothing" };

/** How often one settling reads, rebuilds and merges again before it leaves the rest to the next one. */
const ATTEMPTS = 5;

/**
 * Brings a stack's open in-range pull request to its end: merges it when it still says what is right, makes it anew on the
 * newest head when the file has moved, closes it when nothing of it is left. Idempotent: an event that was lost, or a process
 * that died between opening and merging, is healed by the next call.
 *
 * `justOpened` is the merge of a pull request that this process has opened a moment ago on a head that has not moved: it is tried
 * without another read.
 */
export async function settlePullRequest(context: ScaleContext, justOpened?: MergeRequest): Promise<Settled> {
  if (justOpened !== undefined && (await isMerged(context, justOpened)))
    return { kind: "merged", pullRequest: justOpened.number };
  for (let attempt = 1; ; attempt++) {
    context.snapshots.invalidate();
    try {
      const snapshot = await context.snapshots.get();
      const branch = snapshot.inRange;
      if (branch?.pull == null) return { kind: "nothing" };
      const settled = await settleOnce(context, snapshot, { ...branch, pull: branch.pull });
      if (settled !== "again" || attempt === ATTEMPTS) {
        return settled === "again" ? waiting(branch.pull, "the base branch keeps moving") : settled;
      }
    } catch (error) {
      if (!mayWorkSoon(error) || attempt === ATTEMPTS) throw error;
    } finally {
      context.snapshots.invalidate();
    }
    await sleep(250 * attempt);
  }
}

/** Whether the merge went through; false too where its answer was lost: the next read tells. */
async function isMerged(context: ScaleContext, request: MergeRequest): Promise<boolean> {
  try {
    return (await context.forge.mergePull(context.place, request)).kind === "merged";
  } catch (error) {
    if (mayWorkSoon(error)) return false;
    throw error;
  } finally {
    context.snapshots.invalidate();
  }
}

function mayWorkSoon(error: unknown): boolean {
  return error instanceof ForgeError && (error.code === "conflict" || error.code === "unavailable");
}

async function settleOnce(
  context: ScaleContext,
  snapshot: Snapshot,
  branch: ScaleBranch & { pull: OpenPull },
): Promise<Settled | "again"> {
  const { forge, place } = context;
  const { record } = readSituation(context, snapshot);
  const { pull } = branch;
  const paused = context.paused ?? record.policy.paused;
  if (paused !== null) return stopped(context, pull, paused);
  if (pull.isDraft) return waiting(pull, "the pull request is a draft");
  const stack = { alias: place.alias, project: place.project, contract: record.contract };
  const carried = carriedScales(snapshot, stack, []);
  const planned = planScale(snapshot, stack, [], carried);
  if (planned.kind === "unusable") {
    const message = carried.length === 0 ? "the values have moved on since" : planned.message;
    await forge.closePull(place, pull.number);
    return { kind: "closed", pullRequest: pull.number, message };
  }
  const gate = carried.map((scale) => gateOf(record, scale)).find((why) => why !== null);
  if (gate != null) return stopped(context, pull, gate);
  const commit = parseScaleCommit(branch.headMessage);
  // GitHub counts a pull request's commits and files a moment after a push.
  if (pull.headOid !== branch.headOid) return "again";
  if (!holdsOnly(branch, planned.plan.text) || commit?.scales.length !== carried.length) {
    await openInRangePull(forge, place, snapshot, planned.plan, [], record.policy.commitPrefix);
    return "again";
  }
  const request = mergeRequest(
    { ...branch, number: pull.number },
    record.policy.mergeMethod,
    snapshot.mergeMethods,
  );
  const outcome = await forge.mergePull(place, request);
  if (outcome.kind === "merged") return { kind: "merged", pullRequest: pull.number };
  if (outcome.kind === "moved") return "again";
  const refused = await forge.requestAutoMerge(place, pull.nodeId, request);
  return waiting(
    pull,
    refused === null ? `GitHub merges it later: ${outcome.message}` : `${outcome.message}; ${refused}`,
  );
}

/**
 * Only what we would write ourselves is merged: the same file, byte for byte, in one commit, and no other file. Whoever may
 * push could otherwise have us merge anything.
 */
function holdsOnly({ file, pull }: ScaleBranch & { pull: OpenPull }, text: string): boolean {
  return file.kind === "text" && file.text === text && pull.commitCount === 1 && pull.fileCount === 1;
}

/** Why a move may not merge by itself under today's rules, which may be stricter than when it was opened. */
function gateOf({ contract, policy }: StackRecord, { pool: name, from, to }: Scale): string | null {
  const pool = contract.get(name);
  return pool === undefined
    ? `the contract has no pool ${name}`
    : approvalNeeded(approvalRules(policy, pool), pool, from, to);
}

/** It may not merge now, so GitHub is not to do it either. */
async function stopped({ forge, place }: ScaleContext, pull: OpenPull, why: string): Promise<Settled> {
  if (pull.isAutoMerging) await forge.withdrawAutoMerge(place, pull.nodeId);
  return waiting(pull, why);
}

function waiting(pull: OpenPull, message: string): Settled {
  return { kind: "waiting", pullRequest: pull.number, message };
}
