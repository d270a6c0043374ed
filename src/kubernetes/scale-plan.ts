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

const named = { kind: z.string().min(1).max(63), name: Name, namespace: Namespace };
/** Of a custom resource. */
const apiGroup = z.string().min(1).max(253).optional();

const ScaleWorkload = z.strictObject({
  action: z.literal("scale_workload"),
  ...named,
  apiGroup,
  from: z.union([z.literal(DETECT), Count]),
  to: Count,
  reason: z.literal("requested_scale"),
});

const UpdateCronJob = z.strictObject({
  action: z.literal("update_cronjob"),
  ...named,
  suspend: z.boolean().optional(),
  parallelism: Count.optional(),
  reason: z.literal("requested_scale"),
});

const UpdateResources = z.strictObject({
  action: z.literal("update_resources"),
  ...named,
  requests: Resources.optional(),
  limits: Resources.optional(),
});

const ApplyHpa = z.strictObject({
  action: z.literal("apply_hpa"),
  ...named,
  kind: z.literal("HorizontalPodAutoscaler"),
  hpa: z.strictObject({ min: Count.min(1), max: Count.min(1), targetCPU: Count.min(1) }),
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
});

const PlanAction = z.discriminatedUnion("action", [
  ScaleWorkload,
  UpdateCronJob,
  UpdateResources,
  ApplyHpa,
  ApplyVpa,
]);
export type PlanAction = z.infer<typeof PlanAction>;

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
});
export type ScalePlan = z.infer<typeof ScalePlan>;

/** The JSON Schema of `plan.yaml`. */
export function scalePlanJsonSchema(): object {
  return { title: "ScalePlan", ...z.toJSONSchema(ScalePlan, { io: "input" }) };
}
