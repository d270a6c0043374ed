import { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { plainLine } from "../cluster/quote-text.ts";

const Meta = z.object({
  uid: z.string(),
  ownerReferences: z
    .array(z.object({ uid: z.string() }))
    .nullish()
    .transform((owners) => (owners ?? []).map(({ uid }) => uid)),
});
const Owner = z.object({ metadata: Meta });
const Said = z.object({ reason: z.string().default(""), message: z.string().default("") });
/** Its `message` is left out: that is the end of what the program has printed, which is nobody else's to read. */
const Ended = z.object({ reason: z.string().default(""), exitCode: z.int().nullish() });
const Pod = z.object({
  metadata: Meta,
  status: z
    .object({
      conditions: z.array(Said.extend({ type: z.string(), status: z.string() })).nullish(),
      containerStatuses: z
        .array(
          z.object({ state: z.object({ waiting: Said.nullish(), terminated: Ended.nullish() }).nullish() }),
        )
        .nullish(),
    })
    .default({}),
});
const Event = z.object({
  reason: z.string().default(""),
  message: z.string().default(""),
  type: z.string().default(""),
  involvedObject: z.object({ uid: z.string().optional() }),
});

/** Why the pods of a workload are not ready, as far as one may look: what the scheduler, the nodes and the quotas say. */
export async function explainRollout(cluster: Cluster, workload: Reference): Promise<string[]> {
  try {
    const root = await cluster.read(workload, Owner);
    if (root === null) return [];
    const { namespace } = workload;
    const sets = await cluster.list({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace }, Owner);
    const owners = new Set([root.metadata.uid]);
    for (const { metadata } of sets ?? [])
      if (metadata.ownerReferences.some((uid) => owners.has(uid))) owners.add(metadata.uid);
    const pods = (await cluster.list({ apiVersion: "v1", kind: "Pod" }, { namespace }, Pod)) ?? [];
    const own = pods.filter(({ metadata }) => metadata.ownerReferences.some((uid) => owners.has(uid)));
    const events = await listEvents(cluster, namespace);
    const refusals = events.filter(
      ({ type, reason, involvedObject }) =>
        type === "Warning" && reason === "FailedCreate" && owners.has(involvedObject.uid ?? ""),
    );
    return count([
      ...own.flatMap(whyNotReady),
      ...refusals.slice(-1).map(({ reason, message }) => `${reason}: ${plainLine(message, 300)}`),
    ]);
  } catch (error) {
    // To have failed is known; why may be seen by others than us.
    if (error instanceof ClusterError) return [];
    throw error;
  }
}

async function listEvents(cluster: Cluster, namespace: string): Promise<z.infer<typeof Event>[]> {
  try {
    return (await cluster.list({ apiVersion: "v1", kind: "Event" }, { namespace }, Event)) ?? [];
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  }
}

function whyNotReady({ status }: z.infer<typeof Pod>): string[] {
  const unscheduled = status.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled !== undefined) return [`${unscheduled.reason}: ${plainLine(unscheduled.message, 300)}`];
  return (status.containerStatuses ?? []).flatMap(({ state }) => {
    if (state?.waiting != null) {
      const { reason, message } = state.waiting;
      return [`${plainLine(reason, 100)}${message === "" ? "" : `: ${plainLine(message, 200)}`}`];
    }
    const ended = state?.terminated;
    if (ended == null || ended.reason === "Completed") return [];
    return [`${plainLine(ended.reason || "Ended", 100)} (exit code ${ended.exitCode ?? "unknown"})`];
  });
}

/** The commonest first, and no more than can be read. */
function count(reasons: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 3)
    .map(([reason, times]) => (times === 1 ? reason : `${times} pods: ${reason}`));
}
