import { isCalled } from "../domain/names.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { StackContext } from "./read-situation.ts";
import type { ApplyView, OperationView } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** What git, the ledger and Pulumi say of one commit's apply: per pool, where it is known. */
export type CommitOutcome = {
  status: ApplyView["status"];
  pools: ReadonlyMap<string, Pick<ApplyView, "outcome" | "message">>;
};

/** What became of a commit of a stack, where nobody waited for it. */
export type ReadOutcome = (commit: string, scales: readonly Scale[]) => Promise<CommitOutcome>;

/** Tells what became of a scale commit, which `operation` is the id of; null where the stack has none of that id. Throws `TryAgainError`. */
export async function readLocalOperation(
  { place, snapshots }: StackContext,
  operation: string,
  readOutcome: ReadOutcome,
): Promise<OperationView | null> {
  const snapshot = await snapshots.get().catch((error: unknown) => {
    throw toTryAgain(error);
  });
  const commit = snapshot.history.find(({ oid }) => oid === operation);
  const scales = commit === undefined ? undefined : parseScaleCommit(commit.message);
  if (commit === undefined || scales === undefined || !isCalled(place, scales.alias)) return null;
  const { status, pools } = await readOutcome(commit.oid, scales.scales);
  return {
    operation,
    stack: place.alias,
    commit: commit.oid,
    at: new Date(commit.reachedAtMs).toISOString(),
    status,
    pools: scales.scales.map(({ pool, from, to, requested, reasons, source }) => ({
      ...{ pool, from, to, requested, reasons, source },
      outcome: pools.get(pool)?.outcome ?? null,
      message: pools.get(pool)?.message ?? "",
    })),
  };
}
