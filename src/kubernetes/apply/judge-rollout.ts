import { z } from "zod";
import { plainLine } from "../cluster/quote-text.ts";

const Count = z
  .int()
  .nullish()
  .transform((count) => count ?? 0);
const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});

/** As much of a workload as says how far it is, of every kind that Kubernetes has itself. */
export const RolloutObject = z.object({
  metadata: z.object({ uid: z.string(), generation: Count }),
  spec: z
    .object({
      replicas: z.int().nullish(),
      paused: z.boolean().nullish(),
      updateStrategy: z
        .object({
          type: z.string().default("RollingUpdate"),
          rollingUpdate: z.object({ partition: Count }).nullish(),
        })
        .nullish(),
    })
    .default({}),
  status: z
    .object({
      observedGeneration: Count,
      replicas: Count,
      updatedReplicas: Count,
      readyReplicas: Count,
      availableReplicas: Count,
      desiredNumberScheduled: Count,
      updatedNumberScheduled: Count,
      numberAvailable: Count,
      conditions: z
        .array(Condition)
        .nullish()
        .transform((conditions) => conditions ?? []),
    })
    .prefault({}),
});
export type RolloutObject = z.infer<typeof RolloutObject>;

/**
 * How far a workload is. `hasGivenUp`: its controller has marked it as late, from which it may recover. `why` is what it says of itself
 * where it is not ready.
 */
export type Rollout = {
  kind: "done" | "moving";
  ready: number;
  wanted: number;
  hasGivenUp: boolean;
  why: readonly string[];
};

/** Judges a workload of Kubernetes' own by its status. */
export function judgeRollout(kind: string, object: RolloutObject): Rollout {
  const { metadata, spec, status } = object;
  const isSeen = status.observedGeneration >= metadata.generation;
  const { wanted, ready, isDone } = countsOf(kind, object);
  const progressing = status.conditions.find(({ type }) => type === "Progressing");
  return {
    kind: isSeen && isDone ? "done" : "moving",
    ready,
    wanted,
    hasGivenUp: isSeen && progressing?.reason === "ProgressDeadlineExceeded",
    why: [
      ...(spec.paused === true ? ["it is paused, so that nothing is rolled out"] : []),
      ...status.conditions
        .filter(isBad)
        .map(({ reason, message }) => `${reason}: ${plainLine(message, 300)}`),
    ],
  };
}

function countsOf(
  kind: string,
  { spec, status }: RolloutObject,
): { wanted: number; ready: number; isDone: boolean } {
  const { replicas, updatedReplicas, readyReplicas, availableReplicas, conditions } = status;
  if (kind === "DaemonSet") {
    const { desiredNumberScheduled: wanted, updatedNumberScheduled, numberAvailable: ready } = status;
    const isUpdated = isOnDelete(spec) || updatedNumberScheduled === wanted;
    return { wanted, ready, isDone: isUpdated && ready >= wanted };
  }
  const wanted = spec.replicas ?? 1;
  const isWhole = replicas === wanted && readyReplicas === wanted;
  if (kind === "StatefulSet") {
    const held = Math.min(spec.updateStrategy?.rollingUpdate?.partition ?? 0, wanted);
    const isUpdated = isOnDelete(spec) || updatedReplicas >= wanted - held;
    return { wanted, ready: readyReplicas, isDone: isWhole && isUpdated };
  }
  if (kind === "ReplicaSet") return { wanted, ready: readyReplicas, isDone: isWhole };
  // A paused one changes the number of its pods, and nothing of them.
  const isUpdated = spec.paused === true || updatedReplicas === wanted;
  const progressing = conditions.find(({ type }) => type === "Progressing");
  const isSettled =
    progressing === undefined || spec.paused === true || progressing.reason === "NewReplicaSetAvailable";
  const isDone = isUpdated && isSettled && replicas === wanted && availableReplicas === wanted;
  return { wanted, ready: availableReplicas, isDone };
}

function isOnDelete(spec: RolloutObject["spec"]): boolean {
  return spec.updateStrategy?.type === "OnDelete";
}

function isBad({ type, status }: z.infer<typeof Condition>): boolean {
  return status === (type === "ReplicaFailure" ? "True" : "False");
}
