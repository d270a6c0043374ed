import type { PodObject } from "../detect/kube-objects.ts";
import { type NodeRoom, type Placement, placePods, releasePods } from "./node-room.ts";
import type { Demand } from "./plan-demand.ts";

/** Where a rolling update does not go on: it needs room for so many new pods beside so many old ones. */
export type Stuck = { needed: number; beside: number; placed: Placement };

/**
 * Whether a rolling update finds room on its way. Each new pod that is ready lets an old one go, so that either its first pod decides,
 * beside all that have to stay, or its last, beside the last old one, by which of them are larger. Null where both find room. Which old pods
 * go first is not known: it may be those of any node.
 */
export function judgeRollout(
  { rollout, after, new: spec, labels }: Demand,
  rooms: readonly NodeRoom[],
  own: readonly PodObject[],
): Stuck | null {
  if (rollout === null || after === 0 || own.length === 0) return null;
  const byNode = [...Map.groupBy(own, ({ spec: { nodeName } }) => nodeName).values()];
  /** With so many of the old pods of each node gone. */
  const place = (needed: number, isGone: (index: number) => boolean) => {
    const free = releasePods(
      rooms,
      byNode.flatMap((pods) => pods.filter((_, index) => isGone(index))),
    );
    const kept = byNode.flatMap((pods) => pods.filter((_, index) => !isGone(index)));
    return placePods({ spec, labels }, needed, free, kept);
  };
  const staying = Math.min(own.length, Math.max(0, after - rollout.unavailable));
  const first = place(1, (index) => index < own.length - staying);
  if (first.count === 0) return { needed: 1, beside: staying, placed: first };
  if (rollout.unavailable > 0) return null;
  const gone = place(after, () => true);
  const perNode = keepOne(gone.perNode, place(after, (index) => index > 0).perNode, own);
  const count = Math.min(
    after,
    perNode.reduce((sum, { fits }) => sum + fits, 0),
  );
  return count < after ? { needed: after, beside: 1, placed: { ...gone, count, perNode } } : null;
}

type PerNode = Placement["perNode"];

/** One old pod stays: on the node where it takes the room of the fewest. `each` has one on each of its nodes. */
function keepOne(none: PerNode, each: PerNode, own: readonly PodObject[]): PerNode {
  const names = new Set(own.map(({ spec }) => spec.nodeName));
  let least: { index: number; loss: number } | null = null;
  for (const [index, { name, fits }] of none.entries()) {
    const loss = fits - (each[index]?.fits ?? fits);
    if (names.has(name) && (least === null || loss < least.loss)) least = { index, loss };
  }
  const kept = least?.index;
  return none.map((node, index) => (index === kept ? (each[index] ?? node) : node));
}
