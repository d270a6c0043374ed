import { directCommit } from "../delivery/direct-commit.ts";
import { prepareScale, type ScaleDecision } from "../delivery/prepare-scale.ts";
import type { Decision } from "../domain/decision.ts";
import type { CommitForge } from "../forge/forge.ts";
import type { Situation, StackContext } from "./read-situation.ts";
import { type Deliverer, type DeliveryResult, unusable } from "./scale-pool.ts";

/**
 * Delivers by one commit to the branch at hand. Where nothing can wait for a person, what is over a threshold comes only from
 * the person who approves it: `approvedBy`, null for everything else.
 */
export function deliverLocally(
  { place }: StackContext,
  forge: CommitForge,
  approvedBy: string | null,
): Deliverer {
  return {
    deliver: async ({ snapshot, record }: Situation, scales: readonly ScaleDecision[]) => {
      const stack = { ...place, contract: record.contract };
      const prepared = prepareScale(snapshot, stack, scales);
      if (prepared.kind === "unusable") return toEach(scales, unusable(prepared.message));
      const { scale } = prepared;
      const commit =
        isOverThreshold(scales) && approvedBy !== null ? { ...scale.commit, approvedBy } : scale.commit;
      const { commitPrefix } = record.policy;
      const delivered = await directCommit(
        forge,
        place,
        snapshot,
        { ...scale, commit },
        scales,
        commitPrefix,
      );
      return toEach(scales, delivered);
    },
    // One commit either stands or does not: nothing is left behind.
    settle: () => {},
  };
}

function isOverThreshold(scales: readonly ScaleDecision[]): boolean {
  return scales.some(({ reasons }) => reasons.some(({ code }) => code === "over-threshold"));
}

function toEach(scales: readonly ScaleDecision[], result: DeliveryResult): Map<Decision, DeliveryResult> {
  return new Map(scales.map((decision) => [decision, result]));
}
