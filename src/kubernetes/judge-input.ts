import type { Finding } from "./finding.ts";
import type { ScaleInput, Workload } from "./scale-input.ts";

/** What can be said of a plan without a cluster, workload by workload. */
export function judgeInput({ workloads, autoscaling }: ScaleInput): Finding[] {
  return workloads.flatMap((workload) => [
    ...judgeReplicas(workload),
    ...(autoscaling === "hpa" ? judgeHpa(workload) : []),
  ]);
}

/** More replicas than this may not find room. */
const MANY_REPLICAS = 10;

function judgeReplicas({ kind, name, replicas }: Workload): Finding[] {
  if (replicas === undefined || replicas <= MANY_REPLICAS) return [];
  const subject = `${kind}/${name}`;
  const message = `High replica count for ${subject} → watch pod scheduling / quotas`;
  return [{ kind: "risk", code: "high-replicas", subject, message, numbers: { replicas } }];
}

function judgeHpa({ kind, name, replicas, hpa }: Workload): Finding[] {
  if (replicas === undefined || hpa === undefined || replicas <= hpa.max) return [];
  const subject = `${kind}/${name}`;
  const message = `Requested replicas (${replicas}) > HPA max (${hpa.max}) for ${subject}; HPA will cap.`;
  return [{ kind: "note", code: "over-hpa-max", subject, message, numbers: { replicas, max: hpa.max } }];
}
