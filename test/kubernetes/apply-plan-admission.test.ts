import { expect, test } from "vitest";
import { z } from "zod";
import { openClusters } from "../../src/kubernetes/cluster/open-clusters.ts";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import { tryAction } from "../../src/kubernetes/validate/try-action.ts";
import { type ClusterClient, waitUntil } from "./support/cluster-client.ts";
import { planOf, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const open = sharePlanCluster();

const ref = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name, namespace: "default" });
const cpuOf = (name: string, cpu: string): PlanAction => ({
  action: "update_resources",
  kind: "Deployment",
  name,
  namespace: "default",
  requests: { cpu },
});
const requesting = (cpu: string) => ({
  spec: { template: { spec: { containers: [{ resources: { requests: { cpu } } }] } } },
});

type Fixed = { resource: "deployments" | "deployments/scale"; path: string; value: string };

/** A policy of the cluster that sets a field with every write of one Deployment; resolves when `made` comes of a write. */
async function fix(admin: ClusterClient, name: string, { resource, path, value }: Fixed, made: z.ZodType) {
  const group = "admissionregistration.k8s.io/v1";
  const expression = `[JSONPatch{op: "replace", path: "${path}", value: ${value}}]`;
  await admin.apply({
    ...{ apiVersion: group, kind: "MutatingAdmissionPolicy", metadata: { name } },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["UPDATE"], resources: [resource] },
        ],
      },
      matchConditions: [{ name: "one", expression: `object.metadata.name == "${name}"` }],
      ...{ failurePolicy: "Fail", reinvocationPolicy: "Never" },
      mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
    },
  });
  await admin.apply({
    ...{ apiVersion: group, kind: "MutatingAdmissionPolicyBinding", metadata: { name } },
    spec: { policyName: name },
  });
  const at = `${await admin.pathOf(ref(name))}${resource === "deployments" ? "" : "/scale"}?dryRun=All`;
  await waitUntil(async () => {
    const { body } = await admin.request(
      "PATCH",
      at,
      { spec: { replicas: 9 } },
      "application/merge-patch+json",
    );
    return made.safeParse(body).success
      ? { kind: "reached", state: undefined }
      : { kind: "not yet", seen: JSON.stringify(body) };
  });
}

const RequestsHalf = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(
          z.object({ resources: z.object({ requests: z.object({ cpu: z.literal("500m") }) }) }),
        ),
      }),
    }),
  }),
});

test("a plan of which a policy of the cluster makes something else is not begun, and told from what to what", async ({
  skip,
}) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "beside", { replicas: 1 }));
  await admin.apply(workload("Deployment", "raised", { replicas: 1 }));
  const path = "/spec/template/spec/containers/0/resources/requests/cpu";
  await fix(admin, "raised", { resource: "deployments", path, value: '"500m"' }, RequestsHalf);
  const plan = planOf([scaleTo("beside", 2), cpuOf("raised", "250m")]);
  const told =
    "An admission webhook or policy of the cluster changes what the plan makes of Deployment/raised: `containers.main.requests.cpu: 250m → 500m`.";
  const opened = await openClusters([cluster.kubeconfig])(null);
  const { findings } = await tryAction(opened, plan, cpuOf("raised", "250m"));
  expect(findings).toMatchObject([
    { code: "owned-by-others" },
    { kind: "risk", code: "changed-by-admission", message: expect.stringContaining(told) },
  ]);
  await world.merge(plan);
  const { receipts, problems } = await world.run({ onConflict: "take-over" });
  expect(receipts).toEqual([]);
  expect(problems).toEqual([expect.stringContaining(`stays due: ${told} Plan what it lets stand`)]);
  expect(await admin.get(ref("beside"))).toMatchObject({ spec: { replicas: 1 } });
  expect(await admin.get(ref("raised"))).toMatchObject(requesting("100m"));
  expect(await world.readReceipt()).toBeNull();
  // What it lets stand is applied.
  await world.merge(planOf([cpuOf("raised", "0.5")]));
  const again = await world.run({ onConflict: "take-over" });
  expect(again.receipts).toMatchObject([{ outcome: "applied" }]);
  expect(await admin.get(ref("raised"))).toMatchObject(requesting("500m"));
});

test("replicas that a policy holds are not planned past it", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "held", { replicas: 1 }));
  await fix(
    admin,
    "held",
    { resource: "deployments/scale", path: "/spec/replicas", value: "3" },
    z.object({ spec: z.object({ replicas: z.literal(3) }) }),
  );
  await world.merge(planOf([scaleTo("held", 5)]));
  const { receipts, problems } = await world.run();
  expect([receipts, problems]).toEqual([[], [expect.stringContaining("`replicas: 5 → 3`")]]);
  expect(await admin.get(ref("held"))).toMatchObject({ spec: { replicas: 1 } });
});
