import type { ScaleBranch, Snapshot } from "./snapshot.ts";

/** Every branch of ours that a stack has: in range, gated, reverts. */
export function ownBranches({
  inRange,
  gated,
  reverts,
}: Pick<Snapshot, "inRange" | "gated" | "reverts">): ScaleBranch[] {
  return [...(inRange === null ? [] : [inRange]), ...gated.values(), ...reverts.values()];
}
