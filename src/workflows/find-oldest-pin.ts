import { API_CALLER } from "../domain/edit-holds.ts";
import { pinnedValue, pinOf } from "../domain/hold-of.ts";
import type { ServedStack } from "./given-command.ts";
import { readSituation } from "./read-situation.ts";

/** When the oldest pin was said whose value has not come about, as an answer to its comment asks for it; null where there is none. */
export async function findOldestPin(stacks: readonly ServedStack[]): Promise<number | null> {
  const times = await Promise.all(stacks.map(pinTimes));
  return times.flat().reduce<number | null>((oldest, at) => Math.min(oldest ?? at, at), null);
}

async function pinTimes({ context, pools }: ServedStack): Promise<number[]> {
  try {
    const { readState } = readSituation(context, await context.snapshots.get());
    return pools.flatMap((pool) => {
      const read = readState(pool);
      const pin = read.kind === "state" ? pinOf(read.state.holds, context.clock()) : null;
      const isAwaited = pin !== null && pin.by !== API_CALLER;
      const stands = read.kind === "state" && pin !== null && read.state.committed === pinnedValue(pin, pool);
      return isAwaited && !stands ? [Date.parse(pin.at)] : [];
    });
  } catch {
    // What cannot be read is not scaled, and says so elsewhere.
    return [];
  }
}
