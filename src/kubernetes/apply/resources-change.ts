import type { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { FIELD_MANAGER } from "../cluster/field-manager.ts";
import { resourceAmounts } from "../resource-amounts.ts";
import type { PlanAction } from "../scale-plan.ts";
import type { ActionState } from "./action-state.ts";
import type { Change } from "./change.ts";
import { isTree, ownersOf, type Tree } from "./owned-fields.ts";
import {
  absentError,
  type Container,
  manifestOf,
  ownedSpec,
  TemplatedCronJob,
  TemplatedWorkload,
  treeAt,
  versionOf,
} from "./workload-template.ts";

type ResourcesState = Extract<ActionState, { kind: "resources" }>;
type ContainerState = ResourcesState["containers"][number];
type Amounts = NonNullable<ContainerState["requests"]>;
type Update = Pick<Extract<PlanAction, { action: "update_resources" }>, "requests" | "limits">;

/** Sets what all containers of a workload request and are limited to, by server-side apply. Init containers stay as they are. */
export function resourcesChange(cluster: Cluster, reference: Reference, update: Update): Change {
  const isCron = reference.kind === "CronJob";
  const requests = update.requests && resourceAmounts(update.requests);
  const limits = update.limits && resourceAmounts(update.limits);
  const containerState = ({ name, resources }: Container): ContainerState => ({
    name,
    ...(requests && { requests: pick(resources.requests, requests) }),
    ...(limits && { limits: pick(resources.limits, limits) }),
  });
  const stateOf = (containers: readonly Container[]): ResourcesState => ({
    kind: "resources",
    containers: containers.map(containerState),
  });
  return {
    subject: `${reference.kind}/${reference.name}`,
    reference,
    workload: isCron ? null : reference,
    read: async () => {
      const found = isCron ? await readCronJob(cluster, reference) : await readWorkload(cluster, reference);
      if (found === null) throw absentError(cluster, reference);
      const { live, containers } = found;
      const { metadata } = live;
      const owners = containers.flatMap(({ name }) =>
        ownersOf(metadata.managedFields, resourcesPath(isCron, name), FIELD_MANAGER),
      );
      return {
        state: stateOf(containers),
        version: versionOf(metadata),
        uid: metadata.uid,
        live,
        owners: [...new Set(owners)],
      };
    },
    aim: ({ state }) => ({
      kind: "resources",
      containers: (state.kind === "resources" ? state.containers : []).map(({ name }) => ({
        name,
        ...(requests && { requests }),
        ...(limits && { limits }),
      })),
    }),
    write: async (to, seen, mode, onConflict) => {
      if (to.kind !== "resources") return to;
      const owned = ownedSpec(seen);
      const withTemplate = (spec: Tree): Tree => {
        const { containers } = treeAt(spec, ["template", "spec"]);
        const own = Array.isArray(containers) ? containers.filter(isTree) : [];
        return { ...spec, template: { spec: { containers: withResources(own, to) } } };
      };
      const spec = isCron
        ? { ...owned, jobTemplate: { spec: withTemplate(treeAt(owned, ["jobTemplate", "spec"])) } }
        : withTemplate(owned);
      const manifest = manifestOf(reference, seen, spec);
      const made = isCron
        ? cronContainers(await cluster.apply(manifest, { mode, onConflict }, TemplatedCronJob))
        : ownContainers(await cluster.apply(manifest, { mode, onConflict }, TemplatedWorkload));
      return stateOf(made);
    },
  };
}

async function readCronJob(cluster: Cluster, reference: Reference) {
  const live = await cluster.read(reference, TemplatedCronJob);
  return live && { live, containers: cronContainers(live) };
}

async function readWorkload(cluster: Cluster, reference: Reference) {
  const live = await cluster.read(reference, TemplatedWorkload);
  return live && { live, containers: ownContainers(live) };
}

function cronContainers({ spec }: z.infer<typeof TemplatedCronJob>): readonly Container[] {
  return spec.jobTemplate.spec.template.spec.containers;
}

function ownContainers({ spec }: z.infer<typeof TemplatedWorkload>): readonly Container[] {
  return spec.template.spec.containers;
}

function withResources(owned: readonly Tree[], to: ResourcesState): Tree[] {
  const names = new Set(to.containers.map(({ name }) => name));
  const others = owned.filter(({ name }) => typeof name === "string" && !names.has(name));
  const changed = to.containers.map(({ name, requests, limits }) => {
    const before = owned.find((container) => container.name === name) ?? {};
    const kept = treeAt(before, ["resources"]);
    const resources = {
      requests: merge(treeAt(kept, ["requests"]), requests ?? {}),
      limits: merge(treeAt(kept, ["limits"]), limits ?? {}),
    };
    return { ...before, name, resources };
  });
  return [...others, ...changed];
}

/** Null takes a field away, as far as nobody else has set it. */
function merge(kept: Tree, amounts: Amounts): Tree {
  const entries = Object.entries({ ...kept, ...amounts });
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined));
}

function resourcesPath(isCron: boolean, container: string): string[] {
  const start = isCron ? ["f:spec", "f:jobTemplate", "f:spec"] : ["f:spec"];
  const key = `k:${JSON.stringify({ name: container })}`;
  return [...start, "f:template", "f:spec", "f:containers", key, "f:resources"];
}

function pick(from: Readonly<Record<string, string>>, keys: Amounts): Amounts {
  return {
    ...("cpu" in keys && { cpu: from.cpu ?? null }),
    ...("memory" in keys && { memory: from.memory ?? null }),
  };
}
