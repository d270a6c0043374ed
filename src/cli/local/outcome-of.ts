import type { Operation } from "../../apply/read-operation.ts";
import { isFailure } from "../../domain/receipt.ts";
import type { CommitOutcome } from "../../workflows/read-local-operation.ts";

/**
 * What a caller is told of a commit's apply. `beganAtMs` is when the apply that runs has begun, null where none does. What ended
 * since then is its own: it is over once that is on record, so that whoever is told so finds the pool free.
 */
export function outcomeOf(operation: Operation, beganAtMs: number | null): CommitOutcome {
  switch (operation.kind) {
    case "done": {
      if (beganAtMs !== null && operation.finishedAtMs >= beganAtMs)
        return { status: "under-way", pools: new Map() };
      const isFailed = operation.pools.some(({ outcome }) => isFailure(outcome));
      const pools = new Map(operation.pools.map((line) => [line.pool, line]));
      return { status: isFailed ? "failed" : "applied", pools };
    }
    case "superseded":
      return { status: "superseded", pools: new Map() };
    case "running":
    case "waiting":
      return {
        status: beganAtMs !== null || operation.kind === "running" ? "under-way" : "waiting",
        pools: new Map(),
      };
  }
}
