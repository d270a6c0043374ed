import type { ClusterFacts } from "../../../src/kubernetes/detect/cluster-facts.ts";
import {
  BudgetObject,
  CronJobObject,
  HpaObject,
  LimitRangeObject,
  NodeObject,
  PodObject,
  QuotaObject,
  ScaledObject,
  VpaObject,
  WorkloadObject,
} from "../../../src/kubernetes/detect/kube-objects.ts";
import { parsePlanArguments } from "../../../src/kubernetes/plan-arguments.ts";
import { judgeCluster } from "../../../src/kubernetes/validate/judge-cluster.ts";

type Fields = Readonly<Record<string, unknown>>;

const metadata = (name: string, more: Fields = {}) => ({
  name,
  namespace: "default",
  uid: `uid-${name}`,
  resourceVersion: "1",
  ...more,
});

export function node(name: string, allocatable: Fields, spec: Fields = {}, labels: Fields = {}) {
  const amounts = { pods: "110", ...allocatable };
  return NodeObject.parse({ metadata: metadata(name, { labels }), spec, status: { allocatable: amounts } });
}

/** A pod of the Deployment `app`, with the labels `app`, on a node. */
export function pod(
  app: string,
  nodeName: string,
  requests: Fields,
  namespace = "default",
  spec: Fields = {},
) {
  const labels = { app, "pod-template-hash": "5d4f" };
  const owner = { kind: "ReplicaSet", name: `${app}-5d4f`, uid: `uid-${app}-5d4f`, controller: true };
  return podOf(owner, labels, nodeName, { requests }, namespace, spec);
}

/** A pod of the DaemonSet `app`. */
export function agentPod(app: string, nodeName: string, requests: Fields) {
  const owner = { kind: "DaemonSet", name: app, uid: `uid-${app}`, controller: true };
  return podOf(owner, { app }, nodeName, { requests }, "default", {});
}

function podOf(
  owner: { name: string; [field: string]: unknown },
  labels: Fields,
  nodeName: string,
  resources: Fields,
  namespace: string,
  spec: Fields,
) {
  const named = metadata(`${owner.name}-${nodeName}`, { namespace, labels, ownerReferences: [owner] });
  const containers = [{ name: "main", resources }];
  return PodObject.parse({
    metadata: named,
    spec: { nodeName, containers, ...spec },
    status: { phase: "Running" },
  });
}

/** A workload with the labels `app`, of one container unless `spec` has others. */
export function deployment(
  name: string,
  replicas: number | undefined,
  resources: Fields = {},
  spec: Fields = {},
) {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "main", resources }], ...spec },
  };
  const read = WorkloadObject.parse({ metadata: metadata(name), spec: { replicas, template } });
  return {
    metadata: read.metadata,
    replicas: read.spec.replicas ?? null,
    schedule: null,
    rollout: null,
    template: read.spec.template,
    selector: null,
  };
}

export function cronJob(name: string, suspend: boolean, parallelism: number, resources: Fields) {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "main", resources }] },
  };
  const spec = { suspend, jobTemplate: { spec: { parallelism, template } } };
  const read = CronJobObject.parse({ metadata: metadata(name), spec });
  const schedule = { suspend, parallelism };
  return {
    metadata: read.metadata,
    replicas: null,
    schedule,
    rollout: null,
    template: read.spec.jobTemplate.spec.template,
    selector: null,
  };
}

export const quota = (name: string, hard: Fields, used: Fields = {}, more: Fields = {}) =>
  QuotaObject.parse({ metadata: metadata(name), spec: { hard, ...more }, status: { used } });

export const limitRange = (name: string, ...limits: Fields[]) =>
  LimitRangeObject.parse({ metadata: metadata(name), spec: { limits } });

export const budget = (name: string, app: string, bounds: Fields) =>
  BudgetObject.parse({ metadata: metadata(name), spec: { selector: { matchLabels: { app } }, ...bounds } });

export const hpa = (name: string, target: string, min: number, max: number) =>
  HpaObject.parse({
    metadata: metadata(name),
    spec: {
      scaleTargetRef: { kind: "Deployment", name: target },
      minReplicas: min,
      maxReplicas: max,
      metrics: [{ type: "Resource", resource: { name: "cpu", target: { averageUtilization: 60 } } }],
    },
  });

export const scaledObject = (name: string, target: string) =>
  ScaledObject.parse({
    metadata: metadata(name),
    spec: { scaleTargetRef: { name: target }, maxReplicaCount: 9 },
  });

export const vpa = (name: string, target: string, mode?: string) =>
  VpaObject.parse({
    metadata: metadata(name),
    spec: { targetRef: { kind: "Deployment", name: target }, updatePolicy: mode && { updateMode: mode } },
  });

/** A cluster that has nothing, but for what is given. */
export function factsOf(given: Partial<ClusterFacts>): ClusterFacts {
  return {
    context: "test",
    namespace: "default",
    workloads: new Map(),
    autoscalers: [],
    scaledObjects: [],
    verticalAutoscalers: [],
    budgets: [],
    quotas: [],
    limitRanges: [],
    nodes: [node("big", { cpu: "1000", memory: "1000Gi" })],
    pods: [],
    unchecked: [],
    ...given,
  };
}

/** What a cluster says of a command line. */
export function judge(args: readonly string[], given: Partial<ClusterFacts>) {
  const request = parsePlanArguments(args);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  return judgeCluster(request.input.workloads, request.input.autoscaling, factsOf(given));
}
