import { setTimeout as sleep } from "node:timers/promises";
import type { Snapshot } from "../domain/snapshot.ts";
import { ForgeError, type MergeRequest } from "../forge/forge.ts";
import { askForRests } from "./ask-for-rests.ts";
import { closeScalePull } from "./close-scale-pull.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import { settleAstray } from "./settle-astray.ts";
import { settleGated } from "./settle-gated.ts";
import { settleInRange } from "./settle-in-range.ts";
import { openReverts, settleRevert } from "./settle-revert.ts";
import { type OpenBranch, type Settled, type SettleStep, waiting } from "./settled.ts";

/** How often one settling reads, rebuilds and merges again before it leaves the rest to the next one. */
const ATTEMPTS = 5;

/**
 * Brings a stack's open scale pull requests on: merges what may merge, makes anew on the newest head what has lost its footing,
 * closes what has nothing left to do, asks for the rest of moves that stopped at a threshold, and for taking back what could not be applied. Idempotent: an event that was
 * lost, or a process that died between two steps, is healed by the next call.
 *
 * `justOpened` is the merge of a pull request that this process has opened a moment ago on a head that has not moved: it is tried
 * without a read before.
 */
export async function settleStack(context: ScaleContext, justOpened?: MergeRequest): Promise<Settled[]> {
  if (justOpened !== undefined && (await isMerged(context, justOpened)))
    return [{ kind: "merged", pullRequest: justOpened.number }];
  context.snapshots.invalidate();
  const settled: Settled[] = [];
  const failures: unknown[] = [];
  // What hinders one of them, a budget that is kept for others say, does not hinder the rest.
  const go = async (step: Promise<Settled[]>) =>
    step.then(
      (done) => settled.push(...done),
      (error: unknown) => failures.push(error),
    );
  // Before the first part merges: from then on nothing but a long look back would find that a rest is left.
  await go(askForRests(context));
  await go(settleAstray(context));
  await go(settleBranch(context, ({ inRange }) => inRange, settleInRange));
  for (const pool of (await context.snapshots.get()).gated.keys())
    await go(settleBranch(context, ({ gated }) => gated.get(pool) ?? null, settleGated));
  await go(openReverts(context));
  for (const pool of (await context.snapshots.get()).reverts.keys())
    await go(settleBranch(context, ({ reverts }) => reverts.get(pool) ?? null, settleRevert));
  if (failures.length > 0) throw failures[0];
  return settled;
}

/** Settles the open pull request of one branch, if there is one; reads and tries again where a race was lost. */
async function settleBranch(
  context: ScaleContext,
  pick: (snapshot: Snapshot) => Snapshot["inRange"],
  settle: SettleStep,
): Promise<Settled[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const snapshot = await context.snapshots.get();
      const branch = pick(snapshot);
      if (branch?.pull == null) return [];
      const open = { ...branch, pull: branch.pull };
      const settled = hasNoStackFile(context, snapshot, open)
        ? await closeScalePull(context, snapshot, open, noStackFile(context))
        : await settle(context, snapshot, open);
      if (settled.kind === "merged" || settled.kind === "closed") context.snapshots.invalidate();
      if (settled.kind !== "again") return [settled];
      if (attempt === ATTEMPTS) return [waiting(branch.pull, "the base branch keeps moving")];
    } catch (error) {
      context.snapshots.invalidate();
      if (!mayWorkSoon(error) || attempt === ATTEMPTS) throw error;
    }
    context.snapshots.invalidate();
    await sleep(250 * attempt);
  }
}

/**
 * Whether there is nothing that it could change any more. What somebody has pushed to stays theirs. Throws `TryAgainError` where the
 * record cannot be used: the file may only have been looked for where the stack stood before.
 */
function hasNoStackFile(context: ScaleContext, snapshot: Snapshot, { pull }: OpenBranch): boolean {
  readSituation(context, snapshot);
  return snapshot.file.kind === "missing" && pull.isOurs;
}

function noStackFile({ place: { path } }: ScaleContext): string {
  return `\`${path}\` is not on the base branch any more, so there is no value to change. Where it comes back, the next demand opens another.`;
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
