import { z } from "zod";
import { parseQuantity } from "./quantity.ts";
import { DETECT, VPA_MODES } from "./scale-input.ts";

// Strict throughout: a mistyped field of an edited plan must not count as not given.

/** As YAML has it, `1` is a number. */
const Quantity = z
  .union([z.string(), z.int()])
  .transform(String)
  .refine((text) => (parseQuantity(text) ?? -1n) >= 0n, "it has to be a Kubernetes quantity from 0");
const Resources = z.strictObject({ cpu: Quantity.optional(), mem: Quantity.optional() });
const Count = z.int().min(0).max(2_147_483_647);
const Name = z.string().min(1).max(253);
const Namespace = z.string().min(1).max(63);
const Context = z.string().min(1).max(1000);

const named = { kind: z.string().min(1).max(63), name: Name, namespace: Namespace };
/** Of a custom resource. */
const apiGroup = z.string().min(1).max(253).optional();

/**
 * What was there when the plan was made, by which one that has gone stale is known: without `generation` where the kind has none;
 * `absent` where there was nothing.
 */
const Observed = z.union([
  z.literal("absent"),
  z.strictObject({
    uid: z.string().min(1).max(253),
    resourceVersion: z.string().min(1).max(253),
    generation: z.int().min(0).optional(),
  }),
]);

/** Of a plan that a cluster has filled in. `kubeContext` is there where it is another than the plan's. */
const detected = { kubeContext: Context.optional(), observed: Observed.optional() };

const ScaleWorkload = z.strictObject({
  action: z.literal("scale_workload"),
  ...named,
  apiGroup,
  from: z.union([z.literal(DETECT), Count]),
  to: Count,
  reason: z.literal("requested_scale"),
  ...detected,
});

const UpdateCronJob = z.strictObject({
  action: z.literal("update_cronjob"),
  ...named,
  suspend: z.boolean().optional(),
  parallelism: Count.optional(),
  reason: z.literal("requested_scale"),
  ...detected,
  previous: z.strictObject({ suspend: z.boolean().optional(), parallelism: Count.optional() }).optional(),
});

const UpdateResources = z.strictObject({
  action: z.literal("update_resources"),
  ...named,
  requests: Resources.optional(),
  limits: Resources.optional(),
  ...detected,
  previous: z
    .strictObject({
      containers: z
        .array(z.strictObject({ name: Name, requests: Resources.optional(), limits: Resources.optional() }))
        .min(1),
    })
    .optional(),
});

const ApplyHpa = z.strictObject({
  action: z.literal("apply_hpa"),
  ...named,
  kind: z.literal("HorizontalPodAutoscaler"),
  hpa: z.strictObject({ min: Count.min(1), max: Count.min(1), targetCPU: Count.min(1) }),
  ...detected,
  /** Without `targetCPU` where it did not scale by that. */
  previous: z.strictObject({ min: Count, max: Count, targetCPU: Count.optional() }).optional(),
});

/** `targetKind` and `apiGroup` are of the workload; its name is the autoscaler's. */
const ApplyVpa = z.strictObject({
  action: z.literal("apply_vpa"),
  ...named,
  kind: z.literal("VerticalPodAutoscaler"),
  targetKind: z.string().min(1).max(63),
  apiGroup,
  vpa: z.strictObject({
    mode: z.enum(VPA_MODES),
    min: Resources.optional(),
    max: Resources.optional(),
  }),
  ...detected,
  previous: z.strictObject({ mode: z.string().max(63) }).optional(),
});

const PlanAction = z.discriminatedUnion("action", [
  ScaleWorkload,
  UpdateCronJob,
  UpdateResources,
  ApplyHpa,
  ApplyVpa,
]);
export type PlanAction = z.infer<typeof PlanAction>;

const Finding = z.strictObject({
  kind: z.enum(["risk", "note"]),
  code: z.string().min(1).max(63),
  subject: z.string().min(1).max(400),
  message: z.string(),
  numbers: z.record(z.string(), z.union([z.number(), z.string()])),
});

/** As YAML has it, `1` is a number. */
const Amounts = z.record(z.string(), z.union([z.string(), z.int()]).transform(String));
const Autoscaler = z.strictObject({
  name: Name,
  target: z.string(),
  min: Count,
  max: Count,
  targetCPU: Count.optional(),
  /** What made it, and keeps it so: `ScaledObject/web` of KEDA. */
  owner: z.string().optional(),
});
const Budget = z.strictObject({
  name: Name,
  covers: z.array(z.string()),
  minAvailable: z.union([z.int(), z.string()]).optional(),
  maxUnavailable: z.union([z.int(), z.string()]).optional(),
  disruptionsAllowed: z.int(),
});
/** What a namespace of a cluster has that decides about the plan. */
const ClusterState = z.strictObject({
  kubeContext: Context,
  autoscalers: z.array(Autoscaler),
  disruptionBudgets: z.array(Budget),
  quotas: z.array(z.strictObject({ name: Name, hard: Amounts, used: Amounts })),
  limitRanges: z.array(
    z.strictObject({
      name: Name,
      type: z.string(),
      min: Amounts.optional(),
      max: Amounts.optional(),
      default: Amounts.optional(),
      defaultRequest: Amounts.optional(),
    }),
  ),
});
export type ClusterState = z.infer<typeof ClusterState>;

const Money = z.string().regex(/^-?\d{1,60}\.\d\d$/);
const Price = z.string().regex(/^\d{1,7}(?:\.\d{1,9})?$/);
const Pods = z.strictObject({ replicas: Count, cpu: Quantity, mem: Quantity, month: Money });
/** What the pods cost in a month: requests × replicas × prices × hours. Null is what is not known. */
const Cost = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/),
  cpuHour: Price,
  memoryGiBHour: Price,
  hours: z.literal(730),
  workloads: z.array(
    z.strictObject({
      kind: named.kind,
      name: Name,
      kubeContext: Context.optional(),
      before: Pods.nullable(),
      after: Pods.nullable(),
      /** The difference. */
      month: Money.nullable(),
    }),
  ),
  month: z.strictObject({
    before: Money.nullable(),
    after: Money.nullable(),
    difference: Money.nullable(),
  }),
});
export type PlanCost = z.infer<typeof Cost>;

/** What is to become of the workloads of one namespace: all of `plan.yaml`, and nothing but plain data. */
export const ScalePlan = z.strictObject({
  apiVersion: z.literal("infra.scale/v1"),
  kind: z.literal("ScalePlan"),
  metadata: z.strictObject({ createdAt: z.iso.datetime(), target: z.string().min(1).max(63) }),
  context: z.strictObject({ kubeContext: z.string().nullable(), namespace: Namespace }),
  assumptions: z.strictObject({ autoscaling: z.enum(["hpa", "none"]) }),
  actions: z.array(PlanAction),
  rollbackHints: z.array(z.string()),
  risks: z.array(z.string()),
  notes: z.array(z.string()),
  /** All risks and notes with their numbers, and the clusters that told of them: of a plan that clusters have filled in. */
  findings: z.array(Finding).optional(),
  clusters: z.array(ClusterState).optional(),
  /** Where there is a price table. */
  cost: Cost.optional(),
});
export type ScalePlan = z.infer<typeof ScalePlan>;

/** The JSON Schema of `plan.yaml`. */
export function scalePlanJsonSchema(): object {
  return { title: "ScalePlan", ...z.toJSONSchema(ScalePlan, { io: "input" }) };
}
