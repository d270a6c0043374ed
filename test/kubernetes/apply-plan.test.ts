import { expect, test } from "vitest";
import { z } from "zod";
import { neverReady } from "./support/open-cluster.ts";
import { planOf, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const open = sharePlanCluster();

const ready = (count: number) =>
  z.object({ status: z.object({ readyReplicas: z.literal(count), replicas: z.literal(count) }) });
const ref = (kind: string, name: string) => ({ apiVersion: "apps/v1", kind, name, namespace: "default" });
const resources = (name: string, requests: object, limits?: object) => ({
  action: "update_resources" as const,
  kind: "Deployment",
  name,
  namespace: "default",
  requests,
  ...(limits && { limits }),
});

test("a merged plan is applied once, with the rollout waited for, and has its receipt", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "web", { replicas: 2 }));
  await admin.waitFor(ref("Deployment", "web"), ready(2));
  await world.merge(planOf([scaleTo("web", 4)]));
  const { receipts, problems, lines } = await world.run();
  expect(problems).toEqual([]);
  expect(receipts).toMatchObject([
    {
      outcome: "applied",
      plan: { path: "ops/plans/infra-scale/prod/plan.yaml", target: "prod" },
      actions: [
        {
          subject: "Deployment/web",
          kubeContext: "admin",
          outcome: "applied",
          before: { kind: "replicas", replicas: 2 },
          after: { kind: "replicas", replicas: 4 },
        },
      ],
      rollbackHints: ["kubectl scale deployment/web -n default --replicas=2 --context=admin"],
    },
  ]);
  expect(await admin.get(ref("Deployment", "web"))).toMatchObject({ status: { readyReplicas: 4 } });
  expect(lines.at(-1)).toBe("Deployment/web: 4 of 4 ready.");
  expect(await world.readReceipt()).toEqual(receipts[0]);
  const oid = await world.github.readRef("your-org/your-repo", "pulumiscale");
  await admin.apply(workload("Deployment", "web", { replicas: 3 }));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
  expect(await world.github.readRef("your-org/your-repo", "pulumiscale")).toBe(oid);
  expect(await admin.get(ref("Deployment", "web"))).toMatchObject({ spec: { replicas: 3 } });
  expect(world.github.violations).toEqual([]);
});

test("a rollout that fails is rolled back to what stood before, with everything that the plan did", async ({
  skip,
}) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "api", { replicas: 1 }));
  const bad = workload(
    "Deployment",
    "shop",
    { replicas: 2, progressDeadlineSeconds: 1 },
    { [neverReady]: "300m" },
  );
  await admin.apply(bad);
  await admin.waitFor(ref("Deployment", "shop"), ready(2));
  await world.merge(
    planOf([scaleTo("api", 2), scaleTo("shop", 3), resources("shop", { cpu: "300m" }, { mem: "1Gi" })]),
  );
  const { receipts, problems } = await world.run({ onConflict: "take-over" });
  expect(receipts[0]).toMatchObject({
    outcome: "rolled-back",
    actions: [{ outcome: "rolled-back" }, { outcome: "rolled-back" }, { outcome: "rolled-back" }],
    message: expect.stringMatching(/^Deployment\/shop has \d of 3 pods ready; ProgressDeadlineExceeded: /),
    rollbackHints: [
      `kubectl patch deployment/shop -n default -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"100m"},"limits":{"memory":null}}}]}}}}' --context=admin`,
      "kubectl scale deployment/shop -n default --replicas=2 --context=admin",
      "kubectl scale deployment/api -n default --replicas=1 --context=admin",
    ],
  });
  expect(problems).toEqual([expect.stringContaining("ended as rolled-back")]);
  expect(await admin.get(ref("Deployment", "api"))).toMatchObject({ spec: { replicas: 1 } });
  const shop = z
    .object({
      spec: z.object({
        replicas: z.int(),
        template: z.object({ spec: z.object({ containers: z.array(z.object({ resources: z.unknown() })) }) }),
      }),
    })
    .parse(await admin.get(ref("Deployment", "shop")));
  expect(shop.spec.replicas).toBe(2);
  expect(shop.spec.template.spec.containers[0]?.resources).toEqual({ requests: { cpu: "100m" } });
  await admin.waitFor(ref("Deployment", "shop"), ready(2));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});

test("a scale-up that finds no room fails by the run's own deadline, with what the scheduler says", async ({
  skip,
}) => {
  const { admin, world } = await open(skip);
  const big = workload("Deployment", "big", { replicas: 1 });
  await admin.apply(big);
  await admin.waitFor(ref("Deployment", "big"), ready(1));
  await world.merge(planOf([scaleTo("big", 60)]));
  const { receipts } = await world.run({ timeoutMs: 3000 });
  expect(receipts[0]).toMatchObject({ outcome: "rolled-back" });
  expect(receipts[0]?.message).toMatch(
    /^Deployment\/big has \d+ of 60 pods ready after 3 s; MinimumReplicasUnavailable: .*; \d+ pods: Unschedulable: .*Insufficient cpu/,
  );
  await admin.waitFor(ref("Deployment", "big"), ready(1));
});

test("what a quota refuses is told", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "tight" } });
  await admin.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "compute", namespace: "tight" },
    spec: { hard: { "requests.cpu": "250m" } },
  });
  const quota = { apiVersion: "v1", kind: "ResourceQuota", name: "compute", namespace: "tight" };
  await admin.waitFor(
    quota,
    z.object({ status: z.object({ used: z.object({ "requests.cpu": z.literal("0") }) }) }),
  );
  const limited = workload("Deployment", "web", { replicas: 1 });
  await admin.apply({ ...limited, metadata: { name: "web", namespace: "tight" } });
  await admin.waitFor({ ...ref("Deployment", "web"), namespace: "tight" }, ready(1));
  const action = { ...scaleTo("web", 4), namespace: "tight" };
  await world.merge(planOf([action], { context: { kubeContext: "admin", namespace: "tight" } }));
  const { receipts } = await world.run({ timeoutMs: 3000 });
  expect(receipts[0]?.message).toMatch(/FailedCreate: .*exceeded quota: compute/);
  expect(receipts[0]?.outcome).toBe("rolled-back");
});
