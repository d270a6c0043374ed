import { API_CALLER } from "../domain/edit-holds.ts";
import { pinnedValue, pinOf } from "../domain/hold-of.ts";
import type { ServedStack } from "./given-command.ts";
import { readSituation } from "./read-situation.ts";

/** Whoever may write to the ledger may write any time there: no answer is asked for that is older. */
const OLDEST_MS = 90 * 24 * 60 * 60_000;

/**
 * When the oldest pin was said whose value has not come about, as an answer to its comment asks for it; null where there is none. Reads one
 * stack after the other: there may be hundreds, and people wait for what else is asked of GitHub at a start.
 */
export async function findOldestPin(stacks: readonly ServedStack[]): Promise<number | null> {
  const times: number[] = [];
  for (const stack of stacks) times.push(...(await pinTimes(stack)));
  return times.length === 0 ? null : Math.min(...times);
}

async function pinTimes({ context, pools }: ServedStack): Promise<number[]> {
  try {
    const { readState } = readSituation(context, await context.snapshots.get());
    return pools.flatMap((pool) => {
      const read = readState(pool);
      const pin = read.kind === "state" ? pinOf(read.state.holds, context.clock()) : null;
      const isAwaited = pin !== null && pin.by !== API_CALLER;
      const stands = read.kind === "state" && pin !== null && read.state.committed === pinnedValue(pin, pool);
      return isAwaited && !stands ? [Math.max(Date.parse(pin.at), context.clock() - OLDEST_MS)] : [];
    });
  } catch {
    // What cannot be read is not scaled, and says so elsewhere.
    return [];
  }
}
