import { quoteText } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { HpaObject, ScaledObject, VpaObject } from "../detect/kube-objects.ts";
import type { Finding } from "../finding.ts";
import type { Autoscaling, Workload } from "../scale-input.ts";

/** Whether somebody else owns what a plan sets: an HPA or KEDA the replicas, another HPA or a VPA the same workload. */
export function judgeOwners(
  workloads: readonly Workload[],
  autoscaling: Autoscaling,
  facts: ClusterFacts,
): Finding[] {
  return workloads.flatMap((workload) => {
    const hpa = autoscaling === "hpa" ? workload.hpa : undefined;
    const isTarget = (target: { kind: string; name: string } | undefined) =>
      target?.kind === workload.kind && target.name === workload.name;
    const hpas = (facts.autoscalers ?? []).filter(({ spec }) => isTarget(spec.scaleTargetRef));
    const keda = (facts.scaledObjects ?? []).find(({ spec }) => isTarget(spec.scaleTargetRef));
    const vpa = (facts.verticalAutoscalers ?? []).find(({ spec }) => isTarget(spec.targetRef));
    const subject = `${workload.kind}/${workload.name}`;
    // The HPA that the plan applies is called as its workload.
    const others = hpas.filter(({ metadata }) => metadata.name !== workload.name && hpa !== undefined);
    const owner = keda === undefined && hpa === undefined ? hpas[0] : undefined;
    const isScaled = workload.replicas !== undefined;
    return [
      ...(keda === undefined || !isScaled ? [] : [kedaOwns(subject, workload, keda)]),
      ...(owner === undefined || !isScaled ? [] : [hpaOwns(subject, workload, owner)]),
      ...(keda === undefined ? others : []).map((other) => twoHpas(subject, workload, other)),
      ...judgeVpa(subject, workload, hpa !== undefined || hpas.some(scalesByCpu), vpa),
    ];
  });
}

function kedaOwns(subject: string, { replicas = 0 }: Workload, { metadata, spec }: ScaledObject): Finding {
  const { minReplicaCount: min, maxReplicaCount: max } = spec;
  const message = `KEDA owns the replicas of ${subject}, by its ScaledObject ${quoteText(metadata.name)} (from ${min} to ${max}): it sets them back, and an HPA beside its own would fight with it. Change the ScaledObject.`;
  return { kind: "risk", code: "keda-owns-replicas", subject, message, numbers: { replicas, min, max } };
}

function hpaOwns(subject: string, { replicas = 0 }: Workload, { metadata, spec }: HpaObject): Finding {
  const { minReplicas: min, maxReplicas: max } = spec;
  const name = quoteText(metadata.name);
  if (replicas === 0) {
    const message = `The HPA ${name} does nothing while ${subject} has 0 replicas: it stays at 0 until it is scaled up.`;
    return { kind: "note", code: "hpa-inactive", subject, message, numbers: { replicas, min, max } };
  }
  const message = `The HPA ${name} owns the replicas of ${subject} (from ${min} to ${max}): it sets them to what it finds right, and ${replicas} is a start at most. Change its bounds with --hpa.`;
  return { kind: "risk", code: "hpa-owns-replicas", subject, message, numbers: { replicas, min, max } };
}

function twoHpas(subject: string, { name }: Workload, { metadata, spec }: HpaObject): Finding {
  const { minReplicas: min, maxReplicas: max } = spec;
  const message = `The HPA ${quoteText(metadata.name)} scales ${subject} already (from ${min} to ${max}), and the plan applies another called ${name}: two of one workload fight. Remove one of them.`;
  return { kind: "risk", code: "two-hpas", subject, message, numbers: { min, max } };
}

function judgeVpa(
  subject: string,
  { vpa, requests, limits }: Workload,
  hasHpa: boolean,
  existing: VpaObject | undefined,
): Finding[] {
  const mode =
    vpa?.mode ?? existing?.spec.updatePolicy?.updateMode ?? (existing === undefined ? "Off" : "Auto");
  if (mode === "Off") return [];
  const findings: Finding[] = [];
  if (hasHpa) {
    const message = `${subject} has an HPA by its CPU and a VerticalPodAutoscaler in the mode ${quoteText(mode)}: each changes what the other goes by.`;
    findings.push({ kind: "risk", code: "vpa-and-hpa", subject, message, numbers: {} });
  }
  if (existing !== undefined && (requests !== undefined || limits !== undefined)) {
    const name = quoteText(existing.metadata.name);
    const message = `The VerticalPodAutoscaler ${name} owns what ${subject} requests: it sets it back to what it finds right.`;
    findings.push({ kind: "risk", code: "vpa-owns-resources", subject, message, numbers: {} });
  }
  return findings;
}

function scalesByCpu({ spec }: HpaObject): boolean {
  return spec.metrics.some(({ resource }) => resource?.name === "cpu");
}
