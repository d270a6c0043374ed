import { isFailure } from "../domain/receipt.ts";
import type { ApplyEnd, ApplyQueue } from "./apply-queue.ts";
import type { ApplyView, ScaleResult } from "./scaling.ts";

/** Has commits applied, and lets those who asked for them wait a while for what it comes to. */
export class AwaitedApplies {
  readonly #queue: Pick<ApplyQueue, "request">;
  /** For those who wait: the end of the run that covers a commit. What is told later is read anew. */
  readonly #ends = new Map<string, Promise<ApplyEnd>>();

  constructor(queue: Pick<ApplyQueue, "request">) {
    this.#queue = queue;
  }

  /** Asks for the apply of what was just committed, before anybody is answered: it goes on when nobody waits. */
  request(results: readonly ScaleResult[]): void {
    const commits = new Set(results.flatMap(({ commit }) => commit ?? []));
    for (const commit of commits) {
      const end = this.#queue.request();
      this.#ends.set(commit, end);
      void end.finally(() => this.#ends.delete(commit));
    }
  }

  /** The results with what their applies have come to within that time, in milliseconds. */
  answer(results: readonly ScaleResult[], waitMs: number): Promise<ScaleResult[]> {
    return Promise.all(results.map((result) => this.#withApply(result, Math.max(waitMs, 0))));
  }

  async #withApply(result: ScaleResult, waitMs: number): Promise<ScaleResult> {
    const { commit, pool } = result;
    if (commit === null) return result;
    const end = await endWithin(this.#ends.get(commit), waitMs);
    return { ...result, apply: end === null ? underWay(commit) : applyView(commit, pool, end) };
  }
}

/** Null where it is not known within that time. */
async function endWithin(end: Promise<ApplyEnd> | undefined, waitMs: number): Promise<ApplyEnd | null> {
  if (end === undefined || waitMs === 0) return null;
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), waitMs);
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}

function underWay(operation: string): ApplyView {
  const message = `the apply goes on; GET /operations/${operation} says what becomes of it`;
  return { operation, status: "under-way", outcome: null, message };
}

function applyView(operation: string, pool: string, end: ApplyEnd): ApplyView {
  if (end.kind === "failed") return { operation, status: "failed", outcome: null, message: end.message };
  const line = end.receipt?.pools.find((it) => it.pool === pool);
  if (line !== undefined) {
    const status = isFailure(line.outcome) ? "failed" : "applied";
    return { operation, status, outcome: line.outcome, message: line.message };
  }
  const [problem] = end.problems;
  if (problem !== undefined) return { operation, status: "failed", outcome: null, message: problem };
  // Nothing was pending by then: a run before had the value already.
  return { operation, status: "applied", outcome: "applied", message: "" };
}
