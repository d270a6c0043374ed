import type { Clock } from "../clock.ts";
import type { PoolView, Scaling, StackName } from "../workflows/scaling.ts";
import { withinTime } from "./within-time.ts";

/** What is known of a stack's pools; `pools` is empty where nothing could be read yet. */
export type StackReading = {
  stack: StackName;
  /** False where the last try to read failed: what is shown is older. */
  isUp: boolean;
  /** Milliseconds since the epoch; null where nothing was read yet. */
  readAtMs: number | null;
  pools: readonly PoolView[];
};

export type PoolReaderOptions = {
  scaling: Scaling;
  stacks: () => readonly StackName[];
  clock: Clock;
  answerWithinMs: number;
};

/** Reading for `/metrics` costs at most about this much of the forge's budget, however often someone scrapes. */
const READS_PER_HOUR = 1_000;
const READS_AT_ONCE = 8;

/**
 * Reads the pools of all stacks, each stack again only when its reading is old: with more stacks, less often. What is
 * shown is always what git and the ledger said at `readAtMs`.
 */
export function createPoolReader(options: PoolReaderOptions): () => Promise<StackReading[]> {
  const { scaling, clock, answerWithinMs } = options;
  const known = new Map<string, StackReading>();
  const triedAtMs = new Map<string, number>();

  async function readOne(stack: StackName, withinMs: number): Promise<void> {
    triedAtMs.set(stack.id, clock());
    try {
      const pools = await withinTime(scaling.readPools(stack.id), withinMs);
      known.set(stack.id, { stack, isUp: true, readAtMs: clock(), pools });
    } catch {
      // The gauge says it; why it failed is told where someone scales or looks.
      const old = known.get(stack.id);
      known.set(stack.id, { stack, isUp: false, readAtMs: old?.readAtMs ?? null, pools: old?.pools ?? [] });
    }
  }

  return async () => {
    const stacks = options.stacks();
    const stopAtMs = clock() + answerWithinMs;
    const maxAgeMs = Math.max(15_000, (stacks.length * 3_600_000) / READS_PER_HOUR);
    const due = stacks.filter(({ id }) => clock() - (triedAtMs.get(id) ?? -Infinity) >= maxAgeMs);
    const readers = Array.from({ length: READS_AT_ONCE }, async () => {
      for (let stack = due.shift(); stack !== undefined && clock() < stopAtMs; stack = due.shift())
        await readOne(stack, stopAtMs - clock());
    });
    await Promise.all(readers);
    const listed = new Set(stacks.map(({ id }) => id));
    for (const id of triedAtMs.keys()) {
      if (listed.has(id)) continue;
      triedAtMs.delete(id);
      known.delete(id);
    }
    return stacks.map((stack) => known.get(stack.id) ?? { stack, isUp: false, readAtMs: null, pools: [] });
  };
}
