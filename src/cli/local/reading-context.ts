import { systemClock } from "../../clock.ts";
import { readSidecarSettings } from "../../settings.ts";
import { readLocalRecord } from "../../workflows/local-record.ts";
import type { StackContext } from "../../workflows/read-situation.ts";
import { SnapshotCache } from "../../workflows/snapshot-cache.ts";
import { findStack } from "./find-stack.ts";
import { type LocalFlags, localOutside } from "./flags.ts";
import { openProgram } from "./open-program.ts";
import { readContract } from "./read-rules.ts";

/** People look further back than decisions do. */
const HISTORY_WINDOW_MS = 366 * 24 * 3_600_000;

/** What commands need that only look; nothing is mended on the way. */
export async function readingContext(flags: LocalFlags): Promise<StackContext> {
  const outside = localOutside();
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const { contract } = await readContract(program, outside);
  const { place, forge } = program;
  return {
    place,
    clock: systemClock,
    paused: readSidecarSettings().paused,
    snapshots: new SnapshotCache(() => forge.readSnapshot(place, HISTORY_WINDOW_MS), systemClock),
    readRecord: (snapshot) => readLocalRecord(snapshot, place.alias, contract, "hold"),
  };
}
