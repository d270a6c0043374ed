import type { NodeObject, PodObject, PodSpec } from "../detect/kube-objects.ts";
import { ONE_UNIT } from "../quantity.ts";
import { matchesSelector } from "./match-labels.ts";
import { findObstacle, type Obstacle } from "./node-fit.ts";
import { add, requestsOf, type Size, toSize } from "./pod-size.ts";

/** A node, and what is free on it: what it may give, less what the pods on it request. */
export type NodeRoom = { node: NodeObject; free: Size };

/** How many pods have found room, of those that were to; for how many each node has room, or why for none. */
export type Placement = {
  count: number;
  rooms: NodeRoom[];
  perNode: { name: string; fits: number; obstacle: Obstacle }[];
};

const ONE_POD: Size = new Map([["pods", ONE_UNIT]]);

export function openRooms(nodes: readonly NodeObject[], pods: readonly PodObject[]): NodeRoom[] {
  const rooms = nodes.map((node) => ({ node, free: toSize(node.status.allocatable) }));
  return takePods(rooms, pods, -1n);
}

/** The room that these pods leave behind. */
export function releasePods(rooms: readonly NodeRoom[], pods: readonly PodObject[]): NodeRoom[] {
  return takePods(rooms, pods, 1n);
}

function takePods(rooms: readonly NodeRoom[], pods: readonly PodObject[], times: bigint): NodeRoom[] {
  const byNode = Map.groupBy(pods, ({ spec }) => spec.nodeName);
  return rooms.map(({ node, free }) => {
    const here = byNode.get(node.metadata.name) ?? [];
    const add1 = (sum: Size, { spec }: PodObject) => add(sum, sizeOf(spec), times);
    return { node, free: here.reduce(add1, free) };
  });
}

/**
 * Puts pods of a kind where there is most room for them, as if one by one. `kept` are those of the same workload that stay: a pod that keeps
 * away from its own kind shares no node with them.
 */
export function placePods(
  pod: { spec: PodSpec; labels: Readonly<Record<string, string>> },
  needed: number,
  rooms: readonly NodeRoom[],
  kept: readonly PodObject[],
): Placement {
  const size = sizeOf(pod.spec);
  const most = keepsAway(pod) ? 1 : MANY;
  const own = Map.groupBy(kept, ({ spec }) => spec.nodeName);
  const perNode = rooms.map(({ node, free }) => {
    const { name } = node.metadata;
    const obstacle = findObstacle(node, pod.spec);
    const allowed = most - (own.get(name)?.length ?? 0);
    const fits = obstacle === null ? Math.max(0, Math.min(countFits(free, size), allowed)) : 0;
    return { name, fits, obstacle };
  });
  const fits = perNode.map((node) => node.fits);
  const count = Math.max(0, Math.min(needed, sumOver(fits, 0)));
  const placed = spread(fits, count);
  const left = rooms.map((room, index) => {
    const times = placed[index] ?? 0;
    return times === 0 ? room : { ...room, free: add(room.free, size, BigInt(-times)) };
  });
  return { count, rooms: left, perNode };
}

/** How many of `count` go to each node, where each goes to the first of those that have most room left. */
function spread(fits: readonly number[], count: number): number[] {
  let [level, high] = [0, MANY];
  while (level < high) {
    const middle = Math.floor((level + high) / 2);
    if (sumOver(fits, middle) <= count) high = middle;
    else level = middle + 1;
  }
  let rest = count - sumOver(fits, level);
  return fits.map((fit) => Math.max(0, fit - level) + (fit >= level && rest-- > 0 ? 1 : 0));
}

/** For how many there is room until each node has room for `level` more. */
function sumOver(fits: readonly number[], level: number): number {
  return fits.reduce((sum, fit) => sum + Math.max(0, fit - level), 0);
}

function sizeOf(spec: PodSpec): Size {
  return add(requestsOf(spec), ONE_POD);
}

/** What is not requested takes no room, and what a node does not have it cannot give. */
function countFits(free: Size, size: Size): number {
  const counts = [...size]
    .filter(([, amount]) => amount > 0n)
    .map(([resource, amount]) => Number((free.get(resource) ?? 0n) / amount));
  return Math.min(MANY, ...counts);
}

/** No node has room for more. */
const MANY = 10_000;

function keepsAway({ spec, labels }: { spec: PodSpec; labels: Readonly<Record<string, string>> }): boolean {
  const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some(
    ({ labelSelector, topologyKey }) =>
      topologyKey === "kubernetes.io/hostname" &&
      labelSelector != null &&
      matchesSelector(labelSelector, labels),
  );
}
