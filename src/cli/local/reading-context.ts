import { readUnnotedValues } from "../../apply/adopt-stack.ts";
import { retryBackend } from "../../apply/retry-backend.ts";
import { realPace } from "../../apply/retry-concurrent.ts";
import { readTrustedEntry } from "../../apply/trusted-entry.ts";
import { systemClock } from "../../clock.ts";
import type { Contract } from "../../domain/contract.ts";
import type { AppliedFacts } from "../../domain/read-pool-state.ts";
import { readSidecarSettings } from "../../settings.ts";
import { readLocalRecord } from "../../workflows/local-record.ts";
import type { StackContext } from "../../workflows/read-situation.ts";
import { SnapshotCache } from "../../workflows/snapshot-cache.ts";
import { findStack } from "./find-stack.ts";
import { type LocalFlags, type LocalOutside, localOutside } from "./flags.ts";
import { type LocalProgram, openProgram } from "./open-program.ts";
import { readContract } from "./read-rules.ts";

/** People look further back than decisions do. */
const HISTORY_WINDOW_MS = 366 * 24 * 3_600_000;

/** What commands need that only look; nothing is mended or noted on the way. */
export async function readingContext(flags: LocalFlags): Promise<StackContext> {
  const outside = localOutside();
  const program = await openProgram(await findStack(flags, outside), flags, outside);
  const { contract } = await readContract(program, outside);
  const facts = await readUnnotedFacts(program, contract, outside);
  const { place, forge } = program;
  return {
    place,
    clock: systemClock,
    paused: readSidecarSettings().paused,
    snapshots: new SnapshotCache(() => forge.readSnapshot(place, HISTORY_WINDOW_MS), systemClock),
    readRecord: (snapshot) => {
      const record = readLocalRecord(snapshot, place.alias, contract, "hold");
      return { ...record, facts: facts ?? record.facts };
    },
  };
}

/** What `serve` would take over from Pulumi's history at its start, which is all there is in a fresh clone; else null. */
async function readUnnotedFacts(
  { world, engine, workDir, stack, place, deployPlace }: LocalProgram,
  contract: Contract,
  outside: LocalOutside,
): Promise<AppliedFacts | null> {
  const ledger = await world.forge.readLedger(deployPlace);
  const { entry } = await readTrustedEntry(ledger, deployPlace, world.ledger);
  const request = { stack, project: place.project, names: place, contract };
  const read = () => readUnnotedValues(entry, request, { ...engine, workDir });
  const applied = await retryBackend(read, realPace, outside.tell, outside.signal);
  return applied === null ? null : { applied, receipt: null };
}
