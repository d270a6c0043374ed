import type { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { FIELD_MANAGER } from "../cluster/field-manager.ts";
import type { PlanAction } from "../scale-plan.ts";
import type { ActionState } from "./action-state.ts";
import type { Change } from "./change.ts";
import { ownersOf } from "./owned-fields.ts";
import {
  absentError,
  manifestOf,
  ownedSpec,
  TemplatedCronJob,
  treeAt,
  versionOf,
} from "./workload-template.ts";

/** Sets whether a CronJob is suspended, and how many of its pods run at once, by server-side apply. */
export function cronJobChange(
  cluster: Cluster,
  reference: Reference,
  {
    suspend,
    parallelism,
  }: Pick<Extract<PlanAction, { action: "update_cronjob" }>, "suspend" | "parallelism">,
): Change {
  const stateOf = ({ spec }: z.infer<typeof TemplatedCronJob>): ActionState => ({
    kind: "cronjob",
    ...(suspend !== undefined && { suspend: spec.suspend }),
    ...(parallelism !== undefined && { parallelism: spec.jobTemplate.spec.parallelism ?? null }),
  });
  return {
    subject: `${reference.kind}/${reference.name}`,
    reference,
    workload: null,
    read: async () => {
      const live = await cluster.read(reference, TemplatedCronJob);
      if (live === null) throw absentError(cluster, reference);
      const { metadata } = live;
      const owners = (...path: string[]) =>
        ownersOf(metadata.managedFields, ["f:spec", ...path], FIELD_MANAGER);
      return {
        state: stateOf(live),
        version: versionOf(metadata),
        uid: metadata.uid,
        live,
        owners: [
          ...new Set([
            ...(suspend === undefined ? [] : owners("f:suspend")),
            ...(parallelism === undefined ? [] : owners("f:jobTemplate", "f:spec", "f:parallelism")),
          ]),
        ],
      };
    },
    aim: () => ({
      kind: "cronjob",
      ...(suspend !== undefined && { suspend }),
      ...(parallelism !== undefined && { parallelism }),
    }),
    write: async (to, seen, mode, onConflict) => {
      if (to.kind !== "cronjob") return to;
      const owned = ownedSpec(seen);
      const { parallelism: ownParallelism, ...job } = treeAt(owned, ["jobTemplate", "spec"]);
      const kept = to.parallelism === undefined ? ownParallelism : to.parallelism;
      const jobSpec = kept === undefined || kept === null ? job : { ...job, parallelism: kept };
      const spec = {
        ...owned,
        ...(to.suspend !== undefined && { suspend: to.suspend }),
        ...(Object.keys(jobSpec).length > 0 && { jobTemplate: { spec: jobSpec } }),
      };
      const manifest = manifestOf(reference, seen, spec);
      return stateOf(await cluster.apply(manifest, { mode, onConflict }, TemplatedCronJob));
    },
  };
}
