import { z } from "zod";

// What of Kubernetes' objects decides about a plan. What the API leaves out stands here as what it means.

const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const textMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map): Record<string, string> => map ?? {});
/** As YAML has it, a quantity may be a number. */
const amounts = z
  .record(z.string(), z.union([z.string(), z.number().transform(String)]))
  .nullish()
  .transform((map): Record<string, string> => map ?? {});
export type Amounts = z.infer<typeof amounts>;

const name = z.string().min(1).max(253);
const Metadata = z.object({
  name,
  namespace: z.string().default(""),
  uid: z.string().min(1),
  resourceVersion: z.string().min(1),
  generation: z.int().optional(),
  labels: textMap,
});
const Owner = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string().default(""),
  controller: z.boolean().default(false),
});
const Owned = Metadata.extend({ ownerReferences: listOf(Owner) });
/** Of each object, what a plan is held against when it is applied. */
export type ObjectMetadata = z.infer<typeof Metadata>;

const Requirement = z.object({ key: z.string(), operator: z.string(), values: listOf(z.string()) });
export type Requirement = z.infer<typeof Requirement>;
const Selector = z.object({ matchLabels: textMap, matchExpressions: listOf(Requirement) });
export type Selector = z.infer<typeof Selector>;

const Needs = z
  .object({ requests: amounts, limits: amounts })
  .nullish()
  .transform((given) => given ?? { requests: {}, limits: {} });
const Container = z.object({
  name,
  restartPolicy: z.string().optional(),
  resources: Needs,
});
export type Container = z.infer<typeof Container>;

const NodeTerm = z.object({ matchExpressions: listOf(Requirement), matchFields: listOf(Requirement) });
export type NodeTerm = z.infer<typeof NodeTerm>;
const PodTerm = z.object({ labelSelector: Selector.nullish(), topologyKey: z.string() });
const Toleration = z.object({
  key: z.string().default(""),
  operator: z.string().default("Equal"),
  value: z.string().default(""),
  effect: z.string().default(""),
});
export type Toleration = z.infer<typeof Toleration>;

const PodSpec = z.object({
  nodeName: z.string().optional(),
  nodeSelector: textMap,
  tolerations: listOf(Toleration),
  affinity: z
    .object({
      nodeAffinity: z
        .object({
          requiredDuringSchedulingIgnoredDuringExecution: z
            .object({ nodeSelectorTerms: listOf(NodeTerm) })
            .nullish(),
        })
        .nullish(),
      podAntiAffinity: z
        .object({ requiredDuringSchedulingIgnoredDuringExecution: listOf(PodTerm) })
        .nullish(),
    })
    .nullish(),
  containers: listOf(Container),
  initContainers: listOf(Container),
  /** Of the pod as a whole, in place of what its containers come to. */
  resources: Needs,
  overhead: amounts,
});
export type PodSpec = z.infer<typeof PodSpec>;

const Template = z.object({
  metadata: z
    .object({ labels: textMap })
    .nullish()
    .transform((given) => given ?? { labels: {} }),
  spec: PodSpec,
});
/** What the pods of a workload are like. */
export type Template = z.infer<typeof Template>;

/** A number of pods, or a share of them: `25%`. */
const Bound = z.union([z.int(), z.string()]).optional();
const Strategy = z
  .object({
    type: z.string().default("RollingUpdate"),
    rollingUpdate: z.object({ maxSurge: Bound, maxUnavailable: Bound }).nullish(),
  })
  .nullish();
export const WorkloadObject = z.object({
  metadata: Metadata,
  spec: z.object({
    replicas: z.int().optional(),
    template: Template,
    /** Of a Deployment; that of a DaemonSet is called `updateStrategy`. */
    strategy: Strategy,
    updateStrategy: Strategy,
  }),
});

export const CronJobObject = z.object({
  metadata: Metadata,
  spec: z.object({
    suspend: z.boolean().default(false),
    jobTemplate: z.object({
      spec: z.object({ parallelism: z.int().min(0).default(1), template: Template }),
    }),
  }),
});

export const AnyObject = z.object({ metadata: Metadata });

const Metric = z.looseObject({
  type: z.string(),
  resource: z
    .object({ name: z.string(), target: z.object({ averageUtilization: z.int().optional() }) })
    .optional(),
});
export const HpaObject = z.object({
  metadata: Owned,
  spec: z.object({
    minReplicas: z.int().default(1),
    maxReplicas: z.int(),
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    metrics: listOf(Metric),
  }),
});
export type HpaObject = z.infer<typeof HpaObject>;

/** Of KEDA. */
export const ScaledObject = z.object({
  metadata: Metadata,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string().default("Deployment"), name: z.string() }),
    minReplicaCount: z.int().default(0),
    maxReplicaCount: z.int().default(100),
  }),
});
export type ScaledObject = z.infer<typeof ScaledObject>;

export const VpaObject = z.object({
  metadata: Metadata,
  spec: z.object({
    targetRef: z.object({ kind: z.string(), name: z.string() }).optional(),
    updatePolicy: z.object({ updateMode: z.string().default("Auto") }).nullish(),
  }),
});
export type VpaObject = z.infer<typeof VpaObject>;

export const BudgetObject = z.object({
  metadata: Metadata,
  spec: z.object({ selector: Selector.nullish(), minAvailable: Bound, maxUnavailable: Bound }),
  status: z.object({ disruptionsAllowed: z.int().default(0) }).default({ disruptionsAllowed: 0 }),
});
export type BudgetObject = z.infer<typeof BudgetObject>;

export const QuotaObject = z.object({
  metadata: Metadata,
  spec: z.object({ hard: amounts, scopes: listOf(z.string()), scopeSelector: z.unknown().optional() }),
  status: z.object({ used: amounts }).default({ used: {} }),
});
export type QuotaObject = z.infer<typeof QuotaObject>;

const Limit = z.object({
  type: z.string(),
  min: amounts,
  max: amounts,
  default: amounts,
  defaultRequest: amounts,
  maxLimitRequestRatio: amounts,
});
export type Limit = z.infer<typeof Limit>;
export const LimitRangeObject = z.object({ metadata: Metadata, spec: z.object({ limits: listOf(Limit) }) });
export type LimitRangeObject = z.infer<typeof LimitRangeObject>;

const Taint = z.object({ key: z.string(), value: z.string().default(""), effect: z.string() });
export type Taint = z.infer<typeof Taint>;
export const NodeObject = z.object({
  metadata: Metadata,
  spec: z
    .object({ unschedulable: z.boolean().default(false), taints: listOf(Taint) })
    .default({ unschedulable: false, taints: [] }),
  status: z.object({ allocatable: amounts }).default({ allocatable: {} }),
});
export type NodeObject = z.infer<typeof NodeObject>;

export const PodObject = z.object({
  metadata: Owned,
  spec: PodSpec,
  status: z.object({ phase: z.string().default("") }).default({ phase: "" }),
});
export type PodObject = z.infer<typeof PodObject>;
