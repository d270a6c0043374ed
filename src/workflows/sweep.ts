import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { DeliveryAttempt } from "../domain/missed-deliveries.ts";
import { ownBranches } from "../domain/own-branches.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { ScaleBranch, Snapshot } from "../domain/snapshot.ts";
import type { StackPlace } from "../forge/forge.ts";
import { findOverdue, type OverdueApply } from "./find-overdue.ts";
import type { ScaleContext } from "./read-situation.ts";
import type { MissedDeliveries } from "./redeliver-missed.ts";
import type { StackName } from "./scaling.ts";

/** Deletes a branch, if it still stands there, has no open pull request, and nobody else than we has made its head. */
export interface OrphanBranches {
  deleteOrphan(
    place: StackPlace,
    orphan: { repositoryId: string; branch: string; headOid: string },
  ): Promise<"deleted" | "left">;
}

export type Found =
  | { kind: "redelivered"; attempts: readonly DeliveryAttempt[] }
  /** There were more deliveries than are read in one pass. */
  | { kind: "deliveries-unread" }
  | { kind: "orphan-deleted"; stack: string; branch: string; headOid: string }
  | ({ kind: "apply-overdue"; stack: string } & OverdueApply);

export type SweepOptions = {
  missed: Pick<MissedDeliveries, "redeliver">;
  orphans: OrphanBranches;
  stacks: {
    stackNames(): StackName[];
    contexts(owner: string, repo: string): ScaleContext[];
  };
  answers: { catchUp(repository: RepositoryName): Promise<void> };
  clock: Clock;
  onFound: (found: Found) => void;
  onError: (doing: string, error: unknown) => void;
};

/** About so many calls does one pass make to repositories; the next one goes on where it stopped. */
const CALLS = 20;
/** A branch without a pull request, older than that, was left by a process that died. */
const ORPHAN_AFTER_MS = 5 * 60_000;
const MOST_TOLD = 1000;

/**
 * Finds what events have missed and no listing shows: deliveries that never arrived, comments without an answer, branches without their
 * pull request, applies that never reported. Idempotent; each pass makes a few calls, whatever the number of repositories.
 */
export class Sweep {
  readonly #options: SweepOptions;
  /** The repository that was looked at last. */
  #last = "";
  /** What is told once: overdue changes, branches that are left alone. */
  readonly #told = new LRUCache<string, true>({ max: MOST_TOLD });

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** One pass. What fails is told, and hinders nothing else. Ends early when `stopping` aborts. */
  async run(stopping?: AbortSignal): Promise<void> {
    await this.#attempt("asking GitHub for missed events", () => this.#redeliver());
    let calls = 0;
    for (const { key, owner, repo } of this.#nextRepositories()) {
      if (stopping?.aborted || calls >= CALLS) return;
      this.#last = key;
      calls += 1;
      await this.#attempt(`looking for comments in ${owner}/${repo}`, () =>
        this.#options.answers.catchUp({ owner, repo }),
      );
      for (const context of this.#options.stacks.contexts(owner, repo)) {
        if (stopping?.aborted) return;
        calls += 1;
        await this.#attempt(`sweeping ${nameOf(context)}`, () => this.#sweepStack(context));
      }
    }
  }

  /** Each repository with a stack once, beginning after the one that was looked at last. */
  #nextRepositories(): (RepositoryName & { key: string })[] {
    const repositories = new Map(
      this.#options.stacks
        .stackNames()
        .map(({ owner, repo }) => [repositoryKey({ owner, repo }), { owner, repo }]),
    );
    const keys = [...repositories.keys()].toSorted();
    const from = keys.findIndex((key) => key > this.#last);
    const turned = from <= 0 ? keys : [...keys.slice(from), ...keys.slice(0, from)];
    return turned.flatMap((key) => {
      const name = repositories.get(key);
      return name === undefined ? [] : [{ ...name, key }];
    });
  }

  async #redeliver(): Promise<void> {
    const { missed, onFound } = this.#options;
    const { attempts, extent } = await missed.redeliver();
    if (attempts.length > 0) onFound({ kind: "redelivered", attempts });
    if (extent === "part") onFound({ kind: "deliveries-unread" });
  }

  async #sweepStack(context: ScaleContext): Promise<void> {
    const snapshot = await context.snapshots.get();
    await this.#deleteOrphans(context, snapshot);
    for (const overdue of findOverdue(context, snapshot, this.#options.clock())) {
      const key = `${nameOf(context)} ${overdue.pool} ${overdue.committed} ${overdue.sinceMs}`;
      if (this.#told.has(key)) continue;
      this.#told.set(key, true);
      this.#options.onFound({ kind: "apply-overdue", stack: nameOf(context), ...overdue });
    }
  }

  async #deleteOrphans(context: ScaleContext, snapshot: Snapshot): Promise<void> {
    const { clock, orphans, onFound } = this.#options;
    const { place } = context;
    const { repositoryId, headOid: baseOid } = snapshot;
    for (const branch of ownBranches(snapshot)) {
      if (branch.headOid === baseOid || !isOrphan(branch, place.alias, clock())) continue;
      const { name, headOid } = branch;
      const key = `${nameOf(context)} ${name} ${headOid}`;
      if (this.#told.has(key)) continue;
      const done = await orphans.deleteOrphan(place, { repositoryId, branch: name, headOid });
      this.#told.set(key, true);
      if (done === "left") continue;
      context.snapshots.invalidate();
      onFound({ kind: "orphan-deleted", stack: nameOf(context), branch: name, headOid });
    }
  }

  async #attempt(doing: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError(doing, error);
    }
  }
}

/** A person's branch holds no scale commit of the stack; one that was merged or closed is kept by whoever keeps branches. */
function isOrphan(branch: ScaleBranch, alias: string, nowMs: number): boolean {
  const { pull, astray, isFinished, committedAtMs, headMessage } = branch;
  if (pull !== null || astray !== null || isFinished) return false;
  return nowMs - committedAtMs >= ORPHAN_AFTER_MS && parseScaleCommit(headMessage)?.alias === alias;
}

function nameOf({ place: { owner, repo, alias } }: ScaleContext): string {
  return `${owner}/${repo}/${alias}`;
}
