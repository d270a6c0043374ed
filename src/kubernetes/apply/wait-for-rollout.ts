import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { bare, isOutage } from "./cluster-refusal.ts";
import { explainRollout } from "./explain-rollout.ts";
import type { Rollout } from "./judge-rollout.ts";
import { readRollout } from "./read-rollout.ts";

/** How long is waited, in milliseconds, and who is told. */
export type Waiting = {
  /** Milliseconds since the epoch, now. */
  clock: () => number;
  /** The longest for one workload. A scale-up that finds no room has no deadline of Kubernetes' own. */
  timeoutMs: number;
  pollMs: number;
  /** A controller may take a rollout for late, and find it done a moment after. */
  graceMs: number;
  signal: AbortSignal;
  /** A line about what is going on. */
  say: (line: string) => void;
};

export type Waited = { kind: "ready" } | { kind: "failed"; why: string };

/** Waits until all pods of a workload are ready. Throws where the run is interrupted, or the cluster gone. */
export async function waitForRollout(
  cluster: Cluster,
  workload: Reference,
  { clock, timeoutMs, pollMs, graceMs, signal, say }: Waiting,
): Promise<Waited> {
  const subject = `${workload.kind}/${workload.name}`;
  const begunMs = clock();
  let givenUpMs: number | null = null;
  let told = "";
  for (;;) {
    signal.throwIfAborted();
    const looked = await look(cluster, workload);
    const nowMs = clock();
    if (looked instanceof ClusterError) {
      if (!isOutage(looked)) return { kind: "failed", why: bare(looked) };
      if (nowMs - begunMs >= timeoutMs) throw looked;
    } else {
      const { kind, ready, wanted, hasGivenUp } = looked;
      if (kind === "done") {
        say(`${subject}: ${ready} of ${wanted} ready.`);
        return { kind: "ready" };
      }
      const line = `${subject}: ${ready} of ${wanted} ready …`;
      if (line !== told) say(line);
      told = line;
      givenUpMs = hasGivenUp ? (givenUpMs ?? nowMs) : null;
      const isLate = nowMs - begunMs >= timeoutMs;
      if (isLate || (givenUpMs !== null && nowMs - givenUpMs >= graceMs)) {
        const reasons = new Set([...looked.why, ...(await explainRollout(cluster, workload))]);
        const after = isLate ? ` after ${Math.round(timeoutMs / 1000)} s` : "";
        return {
          kind: "failed",
          why: `${subject} has ${ready} of ${wanted} pods ready${after}${[...reasons].map((reason) => `; ${reason}`).join("")}`,
        };
      }
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** An answer that does not come, as the load balancer of an API server may have it, is no failure of the rollout. */
async function look(cluster: Cluster, workload: Reference): Promise<Rollout | ClusterError> {
  try {
    return await readRollout(cluster, workload);
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}
