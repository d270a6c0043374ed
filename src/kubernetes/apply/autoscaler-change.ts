import { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { FIELD_MANAGER } from "../cluster/field-manager.ts";
import type { PlanAction } from "../scale-plan.ts";
import { type ActionState, Json } from "./action-state.ts";
import { aimVpa, type Vpa } from "./aim-vpa.ts";
import type { Change, Seen } from "./change.ts";
import { isCpu } from "./cpu-target.ts";
import { ownersOf } from "./owned-fields.ts";
import { ChangedMetadata, manifestOf, versionOf } from "./workload-template.ts";

const Target = z.object({ apiVersion: z.string().default(""), kind: z.string(), name: z.string() });
/** What one is of, and what of it a plan may change; of one that only might be, as a dry run tells of it, too. */
type Shown = { target: Target; state: ActionState };
const ShownHpa = z
  .object({
    spec: z.object({
      minReplicas: z.int().nullish(),
      maxReplicas: z.int(),
      metrics: z.array(Json).nullish(),
      scaleTargetRef: Target,
    }),
  })
  .transform(({ spec: { minReplicas, maxReplicas, metrics, scaleTargetRef: target } }): Shown => {
    const bounds = { min: minReplicas ?? null, max: maxReplicas };
    return { target, state: { kind: "hpa", ...bounds, metrics: metrics ?? [], target } };
  });
const ShownVpa = z
  .object({ spec: Json.and(z.object({ targetRef: Target })) })
  .transform(({ spec }): Shown => ({ target: spec.targetRef, state: { kind: "vpa", spec } }));
const Stored = z.object({ metadata: ChangedMetadata });

type Target = z.infer<typeof Target>;
type Hpa = Extract<PlanAction, { action: "apply_hpa" }>["hpa"];

/** Makes a HorizontalPodAutoscaler, or changes its bounds and what it holds of CPU; other metrics of it stay. */
export function hpaChange(cluster: Cluster, reference: Reference, target: Target | null, hpa: Hpa): Change {
  return autoscalerChange(cluster, reference, {
    shown: ShownHpa,
    target,
    aim: (state, aimed) => ({
      kind: "hpa",
      min: hpa.min,
      max: hpa.max,
      metrics: [
        ...(state.kind === "hpa" ? state.metrics : []).filter((metric) => !isCpu(metric)),
        {
          type: "Resource",
          resource: {
            name: "cpu",
            target: { type: "Utilization", averageUtilization: hpa.targetCPU },
          },
        },
      ],
      target: aimed,
    }),
    specOf: (to) =>
      to.kind !== "hpa"
        ? null
        : {
            scaleTargetRef: to.target,
            ...(to.min === null ? {} : { minReplicas: to.min }),
            maxReplicas: to.max,
            metrics: to.metrics,
          },
  });
}

/** Makes a VerticalPodAutoscaler, or changes its mode and the bounds of all containers; what it says of single ones stays. */
export function vpaChange(cluster: Cluster, reference: Reference, target: Target, vpa: Vpa): Change {
  return autoscalerChange(cluster, reference, {
    shown: ShownVpa,
    target,
    aim: (state, aimed) => ({
      kind: "vpa",
      spec: aimVpa(state.kind === "vpa" ? state.spec : {}, aimed, vpa),
    }),
    specOf: (to) => (to.kind === "vpa" ? to.spec : null),
  });
}

type Autoscaler = {
  shown: z.ZodType<Shown>;
  /** Null: a plan that does not say. */
  target: Target | null;
  aim(state: ActionState, target: Target): ActionState;
  specOf(to: ActionState): Readonly<Record<string, unknown>> | null;
};

/** What both have in common: they may not be there yet, and they are of one workload. */
function autoscalerChange(cluster: Cluster, reference: Reference, autoscaler: Autoscaler): Change {
  const subject = `${reference.kind}/${reference.name}`;
  let target = autoscaler.target;
  return {
    subject,
    reference,
    workload: null,
    read: async (): Promise<Seen> => {
      const found = await cluster.read(reference, Stored.and(autoscaler.shown));
      if (found === null) {
        if (target === null)
          throw new ClusterError(
            "absent",
            `There is no ${subject} yet, and the plan does not say of which workload it is to be; add a scale_workload of the same name.`,
          );
        return { state: { kind: "absent" }, version: null, uid: null, live: null, owners: [] };
      }
      target ??= found.target;
      if (found.target.kind !== target.kind || found.target.name !== target.name) {
        const message = `${subject} is of ${found.target.kind}/${found.target.name} in the cluster, and of ${target.kind}/${target.name} in the plan; rename one of them.`;
        throw new ClusterError("refused", message);
      }
      const { metadata, state } = found;
      return {
        state,
        version: versionOf(metadata),
        uid: metadata.uid,
        live: found,
        owners: ownersOf(metadata.managedFields, ["f:spec"], FIELD_MANAGER),
      };
    },
    aim: ({ state }) =>
      target === null ? state : autoscaler.aim(state, state.kind === "hpa" ? state.target : target),
    write: async (to, { version, uid }, mode, onConflict) => {
      const spec = autoscaler.specOf(to);
      if (spec === null) {
        if (version !== null && uid !== null)
          await cluster.remove(reference, { uid, resourceVersion: version.resourceVersion }, mode);
        return to;
      }
      const manifest = manifestOf(reference, { version }, spec);
      return (await cluster.apply(manifest, { mode, onConflict }, autoscaler.shown)).state;
    },
  };
}
