import type { Finding } from "./finding.ts";
import type { ScaleInput, Workload } from "./scale-input.ts";

/** What can be said of a plan without a cluster, workload by workload. */
export function judgeInput({ workloads, autoscaling }: ScaleInput): Finding[] {
  return workloads.flatMap((workload) => [
    ...judgeReplicas(workload),
    ...judgeMemory(workload),
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

/** It is a quantity all the same, and Kubernetes takes it. */
function judgeMemory({ kind, name, requests, limits, vpa }: Workload): Finding[] {
  const subject = `${kind}/${name}`;
  const given = {
    "--req": requests?.mem,
    "--lim": limits?.mem,
    "min-mem": vpa?.min?.mem,
    "max-mem": vpa?.max?.mem,
  };
  return Object.entries(given).flatMap(([argument, mem]): Finding[] => {
    if (mem === undefined || !/[mun]$/.test(mem)) return [];
    const message = `Memory of ${mem} (${argument} of ${subject}) is counted in parts of a byte: \`m\` is a thousandth, \`Mi\` a mebibyte.`;
    return [{ kind: "risk", code: "parts-of-bytes", subject, message, numbers: { mem } }];
  });
}

function judgeHpa({ kind, name, replicas, hpa }: Workload): Finding[] {
  if (replicas === undefined || hpa === undefined) return [];
  const subject = `${kind}/${name}`;
  if (replicas === 0) {
    const message = `An HPA does nothing while ${subject} has 0 replicas: it stays at 0, and not at the HPA's min of ${hpa.min}, until it is scaled up.`;
    return [{ kind: "risk", code: "hpa-inactive", subject, message, numbers: { replicas, min: hpa.min } }];
  }
  if (replicas <= hpa.max) return [];
  const message = `Requested replicas (${replicas}) > HPA max (${hpa.max}) for ${subject}; HPA will cap.`;
  return [{ kind: "note", code: "over-hpa-max", subject, message, numbers: { replicas, max: hpa.max } }];
}
