import { describe, expect, it } from "vitest";
import { type ActionState, isSameState } from "../../src/kubernetes/apply/action-state.ts";
import { decideStaleness } from "../../src/kubernetes/apply/decide-staleness.ts";
import { decideDue } from "../../src/kubernetes/apply/due-plans.ts";
import { judgePlan } from "../../src/kubernetes/apply/judge-plan.ts";
import { projectOwned } from "../../src/kubernetes/apply/owned-fields.ts";
import { renderRollbackCommand } from "../../src/kubernetes/apply/rollback-command.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import { planOf, scaleTo } from "./support/plan-world.ts";

const BLOB = "a".repeat(40);
const GOOD = renderPlanFile(planOf([scaleTo("web", 4)]));
const source = (text: string | null, target = "prod") => ({ target, blob: BLOB, text });
const readOf = (...plans: ReturnType<typeof source>[]) => ({
  plans,
  receipts: new Map<string, string>(),
  ledgerOid: null,
});

describe("a plan that anybody may have merged", () => {
  it.each([
    [
      "the kind of another API",
      "kind: Deployment",
      "kind: Secret",
      /actions.0 is of no kind that can be scaled/,
    ],
    ["a kind with a group that is none", "name: web", "apiGroup: core\n    name: web", /no kind that can/],
    [
      "a DaemonSet's replicas",
      "kind: Deployment",
      "kind: DaemonSet",
      /is impossible: a DaemonSet runs one pod/,
    ],
    ["a field that nobody knows", "name: web", "name: web\n    image: evil", /nrecognized key/],
    ["an action that nobody knows", "scale_workload", "exec", /actions\.0/],
    [
      "another namespace than its own",
      "namespace: default\n    from",
      "namespace: kube-system\n    from",
      /another namespace/,
    ],
    ["a path as a name", "name: web", "name: ../../secrets", /no Kubernetes name/],
    ["a path as a namespace", "namespace: default\nassum", "namespace: a/b\nassum", /no Kubernetes name/],
    ["more replicas than a number has", "to: 4", "to: 99999999999", /actions.0.to/],
    ["the target of another folder", "target: prod", "target: staging", /is of the target "staging"/],
  ])("is not applied with %s", (_, from, to, why) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    const { due, problems } = decideDue(readOf(source(text)), null);
    expect(due).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(why)]);
    expect(problems[0]).toMatch(
      /^The plan ops\/plans\/infra-scale\/prod\/plan\.yaml .* so it was not applied\.$/s,
    );
  });

  it("is not applied with more actions than anybody has read, the same one twice, or as no text", () => {
    const many = Array.from({ length: 201 }, (_, index) => scaleTo(`web-${index}`, 1));
    expect(judgePlan(renderPlanFile(planOf(many)), "prod")).toMatchObject({
      why: expect.stringMatching(/201 actions/),
    });
    const twice = [scaleTo("web", 1), scaleTo("web", 2)];
    expect(judgePlan(renderPlanFile(planOf(twice)), "prod")).toMatchObject({
      why: expect.stringMatching(/there twice/),
    });
    expect(decideDue(readOf(source(null)), null).problems).toEqual([expect.stringContaining("is no text")]);
  });

  it("hinders no plan of another target, and neither does a receipt that cannot be read", () => {
    const other = renderPlanFile({
      ...planOf([scaleTo("web", 4)]),
      metadata: { createdAt: "2025-01-15T09:00:00.000Z", target: "dev" },
    });
    const read = {
      ...readOf(source("{"), source(other, "dev"), source(GOOD, "ci")),
      receipts: new Map([["ci", "{"]]),
    };
    const { due, problems } = decideDue(read, null);
    expect(due.map(({ plan }) => plan.metadata.target)).toEqual(["dev"]);
    expect(problems).toEqual([
      expect.stringContaining("prod/plan.yaml"),
      expect.stringContaining("ci/receipt.json"),
    ]);
  });
});

describe("a plan is stale", () => {
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const cpu = (averageUtilization: number) => ({
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
  });
  const state: ActionState = {
    ...{ kind: "hpa", min: 2, max: 6, target },
    metrics: [{ type: "Pods", pods: {} }, cpu(70)],
  };
  const seen = {
    state,
    version: { generation: null, resourceVersion: "9" },
    uid: "u",
  };
  const hpa = (observed: PlanAction["observed"], previous = {}): PlanAction => ({
    action: "apply_hpa",
    kind: "HorizontalPodAutoscaler",
    name: "web",
    namespace: "default",
    hpa: { min: 3, max: 9, targetCPU: 50 },
    observed,
    previous: { min: 2, max: 6, targetCPU: 70, ...previous },
  });
  it.each([
    ["never without what it observed", hpa(undefined), null],
    ["by what has come to be", hpa("absent"), /has come to be/],
    ["by another object of the name", hpa({ uid: "v", resourceVersion: "9" }), /is another one/],
    ["not by the words of a controller alone", hpa({ uid: "u", resourceVersion: "8" }), null],
    ["by other bounds", hpa({ uid: "u", resourceVersion: "8" }, { min: 1 }), /resourceVersion 9, then 8/],
    [
      "by another CPU to hold",
      hpa({ uid: "u", resourceVersion: "8" }, { targetCPU: 60 }),
      /resourceVersion 9, then 8/,
    ],
    [
      "by a CPU to hold where there was none",
      hpa({ uid: "u", resourceVersion: "8" }, { targetCPU: undefined }),
      /resourceVersion 9, then 8/,
    ],
  ])("%s", (_, action, why) => {
    const found = decideStaleness(action, "HorizontalPodAutoscaler/web", seen);
    if (why === null) expect(found).toBeNull();
    else expect(found).toMatch(why);
  });
  it("by what is gone", () => {
    const gone = { state: { kind: "absent" } as const, version: null, uid: null };
    expect(decideStaleness(hpa({ uid: "u", resourceVersion: "9" }), "x", gone)).toMatch(/is gone/);
    expect(decideStaleness(hpa("absent"), "x", gone)).toBeNull();
  });
});

it("amounts are the same however they are written, and the order of keys says nothing", () => {
  const of = (requests: { cpu?: string; memory?: string }) => ({
    kind: "resources" as const,
    containers: [{ name: "main", requests }],
  });
  expect(isSameState(of({ cpu: "1", memory: "1Gi" }), of({ memory: "1024Mi", cpu: "1000m" }))).toBe(true);
  expect(isSameState(of({ cpu: "1" }), of({ cpu: "1001m" }))).toBe(false);
});

it("metrics are the same in any order", () => {
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const of = (...types: string[]): ActionState => ({
    ...{ kind: "hpa", min: 1, max: 3, target },
    metrics: types.map((type) => ({ type, list: [type, "x"] })),
  });
  expect(isSameState(of("Pods", "Resource"), of("Resource", "Pods"))).toBe(true);
  expect(isSameState(of("Pods", "Resource"), of("Pods", "Pods"))).toBe(false);
});

it("what one manager has applied is found in lists by their keys, and nothing of others", () => {
  const fields = {
    "f:spec": { "f:containers": { 'k:{"name":"b"}': { ".": {}, "f:name": {}, "f:cpu": {} } }, "f:gone": {} },
  };
  const entry = { operation: "Apply", subresource: "", fieldsV1: fields };
  const object = {
    spec: {
      containers: [
        { name: "a", cpu: 1 },
        { name: "b", cpu: 2, more: 3 },
      ],
      other: 1,
    },
  };
  expect(projectOwned(object, [{ ...entry, manager: "us" }], "us")).toEqual({
    spec: { containers: [{ name: "b", cpu: 2 }] },
  });
  expect(projectOwned(object, [{ ...entry, manager: "them" }], "us")).toEqual({});
});

it("no text of a cluster ends the quotes of a command", () => {
  const reference = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    namespace: "default",
    name: "web",
  };
  const metrics = [{ type: "'; rm -rf / #" }];
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  expect(renderRollbackCommand(reference, { kind: "hpa", min: null, max: 3, metrics, target })).toBe(
    `kubectl patch hpa/web -n default --type=merge -p '{"spec":{"minReplicas":null,"maxReplicas":3,"metrics":[{"type":"'\\''; rm -rf / #"}]}}'`,
  );
});
