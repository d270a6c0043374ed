import type { NodeObject, PodSpec, Taint, Toleration } from "../detect/kube-objects.ts";
import { matchesAll } from "./match-labels.ts";

/** Why the scheduler puts no pod on a node, whatever there is room for; null where it may. */
export type Obstacle = "cordoned" | "taint" | "selector" | null;

/** Whether a pod may run on a node at all: by the node's taints, and by the pod's node selector and its required node affinity. */
export function findObstacle(node: NodeObject, pod: PodSpec): Obstacle {
  const { unschedulable, taints } = node.spec;
  if (unschedulable && !isTolerated(CORDONED, pod.tolerations)) return "cordoned";
  const { labels, name } = node.metadata;
  const isSelected = Object.entries(pod.nodeSelector).every(([key, value]) => labels[key] === value);
  const required = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const isWanted =
    required == null ||
    required.nodeSelectorTerms.some(
      ({ matchExpressions, matchFields }) =>
        matchExpressions.length + matchFields.length > 0 &&
        matchesAll(matchExpressions, labels) &&
        matchesAll(matchFields, { "metadata.name": name }),
    );
  if (!isSelected || !isWanted) return "selector";
  return taints.every((taint) => isTolerated(taint, pod.tolerations)) ? null : "taint";
}

const CORDONED: Taint = { key: "node.kubernetes.io/unschedulable", value: "", effect: "NoSchedule" };

/** What the pods of every DaemonSet tolerate, since a node's own troubles are no reason to leave it without them. */
export const DAEMON_TOLERATIONS: readonly Toleration[] = [
  ...["not-ready", "unreachable"].map((trouble) => toleration(trouble, "NoExecute")),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((trouble) =>
    toleration(trouble, "NoSchedule"),
  ),
];

function toleration(trouble: string, effect: string): Toleration {
  return { key: `node.kubernetes.io/${trouble}`, operator: "Exists", value: "", effect };
}

function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  if (taint.effect === "PreferNoSchedule") return true;
  return tolerations.some(
    ({ key, operator, value, effect }) =>
      (effect === "" || effect === taint.effect) &&
      (operator === "Exists" ? key === "" || key === taint.key : key === taint.key && value === taint.value),
  );
}
