import { describe, expect, it } from "vitest";
import type { ClusterFacts } from "../../src/kubernetes/detect/cluster-facts.ts";
import {
  budget,
  deployment,
  hpa,
  judge,
  limitRange,
  quota,
  scaledObject,
  vpa,
} from "./support/cluster-facts.ts";

const resources = { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
const workloads = new Map([["web", deployment("web", 2, resources)]]);
const WEB = (replicas: number) => [`--workload=Deployment:web:${replicas}`];
const told = (args: readonly string[], given: Partial<ClusterFacts>) =>
  judge(args, { workloads, ...given }).map(({ kind, code, numbers }) => [kind, code, numbers]);

describe("quotas", () => {
  it.each([
    ["requests.cpu", "2", "1", ["1", "1500m"]],
    ["cpu", "2", "1", ["1", "1500m"]],
    ["requests.memory", "4Gi", "2Gi", ["2Gi", "3Gi"]],
    ["memory", "4Gi", "2Gi", ["2Gi", "3Gi"]],
    ["limits.cpu", "4", "2", ["2", "3"]],
    ["limits.memory", "4Gi", "2Gi", ["2Gi", "3Gi"]],
    ["pods", "4", "2", ["2", "3"]],
    ["count/pods", "4", "2", ["2", "3"]],
  ])("of %s refuse what is over them", (resource, hard, used, [left, added]) => {
    const quotas = [quota("compute", { [resource]: hard }, { [resource]: used })];
    expect(told(WEB(4), { quotas })).toEqual([]);
    expect(told(WEB(5), { quotas })).toEqual([["risk", "over-quota", { resource, hard, used, left, added }]]);
  });

  it("count what a change of resources adds to the pods that stay", () => {
    const quotas = [quota("compute", { "requests.cpu": "2" }, { "requests.cpu": "1" })];
    const args = (cpu: string) => ["--workload=Deployment:web", `--req=web:cpu=${cpu}`, `--lim=web:cpu=2`];
    expect(told(args("1"), { quotas })).toEqual([]);
    expect(told(args("1100m"), { quotas })).toMatchObject([["risk", "over-quota", { added: "1200m" }]]);
    expect(told(["--workload=Deployment:web:1", "--req=web:cpu=1"], { quotas })).toEqual([]);
  });

  it("count the pods that a rolling update has beside the old ones, and what is added before something goes", () => {
    const quotas = [quota("compute", { pods: "4" }, { pods: "4" })];
    const roll = (rollout: { maxSurge: number; maxUnavailable: number } | null) =>
      told(["--workload=Deployment:web", "--req=web:cpu=400m"], {
        quotas,
        workloads: new Map([["web", { ...deployment("web", 2, resources), rollout }]]),
      });
    expect(roll({ maxSurge: 1, maxUnavailable: 0 })).toMatchObject([["risk", "over-quota", { added: "1" }]]);
    expect([roll({ maxSurge: 1, maxUnavailable: 1 }), roll(null)]).toEqual([[], []]);
    const two = new Map([...workloads, ["api", deployment("api", 2, resources)] as const]);
    const [more, fewer] = ["--workload=Deployment:web:3", "--workload=Deployment:api:1"];
    expect(told([more, fewer], { quotas, workloads: two })).toMatchObject([
      ["risk", "over-quota", { added: "1" }],
    ]);
    expect(told([fewer, more], { quotas, workloads: two })).toEqual([]);
  });

  it("count what the last pod of a rolling update adds", () => {
    const quotas = [quota("compute", { "requests.cpu": "2300m" }, { "requests.cpu": "1" })];
    const rollout = { maxSurge: 1, maxUnavailable: 0 };
    const rolling = new Map([["web", { ...deployment("web", 2, resources), rollout }]]);
    const args = (cpu: string) => ["--workload=Deployment:web", `--req=web:cpu=${cpu}`, "--lim=web:cpu=2"];
    expect(told(args("900m"), { quotas, workloads: rolling })).toEqual([]);
    expect(told(args("901m"), { quotas, workloads: rolling })).toMatchObject([
      ["risk", "over-quota", { added: "1302m" }],
    ]);
  });

  it("refuse pods that do not give what they count, and are not weighed where they are for some pods alone", () => {
    const bare = new Map([["web", deployment("web", 1)]]);
    const quotas = [
      quota("compute", { "limits.memory": "4Gi" }),
      quota("best", { pods: "1" }, {}, { scopes: ["BestEffort"] }),
    ];
    expect(told(WEB(2), { quotas, workloads: bare })).toEqual([
      ["risk", "quota-needs-value", { containers: 1 }],
      ["note", "quota-scoped", {}],
    ]);
    const whole = { resources: { limits: { cpu: "1" } } };
    const asWhole = new Map([["web", deployment("web", 1, {}, whole)]]);
    expect(told(WEB(2), { quotas: quotas.slice(0, 1), workloads: asWhole })).toEqual([]);
    const init = { initContainers: [{ name: "setup" }] };
    const beside = new Map([["web", deployment("web", 1, { limits: { memory: "1Gi" } }, init)]]);
    expect(told(WEB(2), { quotas: quotas.slice(0, 1), workloads: beside })).toEqual([
      ["risk", "quota-needs-value", { containers: 1 }],
    ]);
    const limitRanges = [
      limitRange("defaults", {
        type: "Container",
        default: { memory: "1Gi" },
        defaultRequest: { memory: "1Gi" },
      }),
    ];
    expect(told(WEB(2), { quotas: quotas.slice(0, 1), workloads: bare, limitRanges })).toEqual([]);
  });
});

describe("limit ranges", () => {
  const [more, change] = [WEB(3), ["--workload=Deployment:web", "--req=web:cpu=100m", "--lim=web:cpu=3"]];
  it.each([
    [
      "the least of a container",
      { type: "Container", min: { cpu: "200m" } },
      [],
      [{ resource: "cpu", given: "100m", min: "200m" }],
    ],
    [
      "the most of a container",
      { type: "Container", max: { cpu: "2" } },
      [],
      [{ resource: "cpu", given: "3", max: "2" }],
    ],
    [
      "the most of a pod",
      { type: "Pod", max: { memory: "512Mi" } },
      [{ resource: "memory", given: "1Gi", max: "512Mi" }],
      [{ resource: "memory", given: "1Gi", max: "512Mi" }],
    ],
    [
      "the ratio",
      { type: "Container", maxLimitRequestRatio: { cpu: "4" } },
      [],
      [{ resource: "cpu", ratio: "4" }],
    ],
    ["a claim, which is none of them", { type: "PersistentVolumeClaim", max: { storage: "1Gi" } }, [], []],
  ])("bound new pods by %s", (_, limit, whenMore, whenChanged) => {
    const limitRanges = [limitRange("bounds", limit)];
    expect(told(more, { limitRanges }).map(([, , numbers]) => numbers)).toEqual(whenMore);
    expect(told(change, { limitRanges }).map(([, , numbers]) => numbers)).toEqual(whenChanged);
    expect(told(WEB(1), { limitRanges })).toEqual([]);
  });
});

it("a limit range's ratio refuses pods without a limit, as the API server does", () => {
  const limitRanges = [limitRange("bounds", { type: "Container", maxLimitRequestRatio: { cpu: "4" } })];
  const unbounded = new Map([["web", deployment("web", 1, { requests: { cpu: "500m" } })]]);
  expect(told(WEB(2), { limitRanges, workloads: unbounded })).toEqual([
    ["risk", "outside-limit-range", { resource: "cpu", ratio: "4" }],
  ]);
});

describe("disruption budgets", () => {
  it.each([
    [{ minAvailable: 2 }, 2, 3],
    [{ minAvailable: "50%" }, 1, 4],
    [{ minAvailable: "90%" }, 9, 10],
    [{ maxUnavailable: 0 }, 5, null],
    [{ maxUnavailable: "0%" }, 5, null],
    [{ maxUnavailable: 1 }, null, 1],
  ])("%o blocks drains of %s, and not of %s", (bounds, blocked, free) => {
    const codes = (replicas: number | null) =>
      replicas === null
        ? []
        : told([`--workload=Deployment:web:${replicas}`], {
            budgets: [budget("web", "web", bounds)],
            workloads: new Map([["web", deployment("web", 7)]]),
          }).map(([, code]) => code);
    expect(codes(blocked)).toEqual(blocked === null ? [] : ["budget-blocks"]);
    expect(codes(free)).toEqual([]);
  });

  it("of others say nothing, and two of one workload block each other", () => {
    expect(told(WEB(1), { budgets: [budget("api", "api", { minAvailable: 5 })] })).toEqual([]);
    const budgets = [budget("a", "web", { maxUnavailable: 1 }), budget("b", "web", { maxUnavailable: 1 })];
    expect(told(WEB(3), { budgets })).toEqual([["risk", "two-budgets", { budgets: 2 }]]);
  });
});

describe("owners", () => {
  const HPA = "--hpa=min:1,max:4,cpu:60";
  it.each([
    [
      "an HPA that is not planned",
      WEB(3),
      { autoscalers: [hpa("auto", "web", 2, 6)] },
      [["hpa-owns-replicas", { replicas: 3, min: 2, max: 6 }]],
    ],
    [
      "an HPA, with 0 replicas, where it does nothing",
      WEB(0),
      { autoscalers: [hpa("auto", "web", 2, 6)] },
      [["hpa-inactive", { replicas: 0, min: 2, max: 6 }]],
    ],
    ["the HPA that the plan changes", [...WEB(3), HPA], { autoscalers: [hpa("web", "web", 2, 6)] }, []],
    [
      "an HPA beside the planned one",
      [...WEB(3), HPA],
      { autoscalers: [hpa("auto", "web", 2, 6)] },
      [["two-hpas", { min: 2, max: 6 }]],
    ],
    ["an HPA of another workload", WEB(3), { autoscalers: [hpa("web", "api", 2, 6)] }, []],
    [
      "an HPA, with no change of replicas",
      ["--workload=Deployment:web", "--req=web:cpu=600m"],
      { autoscalers: [hpa("auto", "web", 2, 6)] },
      [],
    ],
    [
      "KEDA",
      WEB(3),
      { scaledObjects: [scaledObject("queue", "web")], autoscalers: [hpa("keda-hpa-queue", "web", 1, 9)] },
      [["keda-owns-replicas", { replicas: 3, min: 0, max: 9 }]],
    ],
    [
      "KEDA, with a planned HPA",
      [...WEB(3), HPA],
      { scaledObjects: [scaledObject("queue", "web")], autoscalers: [hpa("keda-hpa-queue", "web", 1, 9)] },
      [["keda-owns-replicas", { replicas: 3, min: 0, max: 9 }]],
    ],
    [
      "a VPA beside a planned HPA",
      [...WEB(3), HPA],
      { verticalAutoscalers: [vpa("web", "web")] },
      [["vpa-and-hpa", {}]],
    ],
    [
      "a planned VPA beside an HPA",
      ["--workload=Deployment:web", "--vpa=web:mode=Auto"],
      { autoscalers: [hpa("auto", "web", 1, 2)] },
      [["vpa-and-hpa", {}]],
    ],
    ["a VPA that only recommends", [...WEB(3), HPA], { verticalAutoscalers: [vpa("web", "web", "Off")] }, []],
    [
      "a VPA, with a change of resources",
      ["--workload=Deployment:web", "--req=web:cpu=600m"],
      { verticalAutoscalers: [vpa("web", "web", "Recreate")] },
      [["vpa-owns-resources", {}]],
    ],
  ])("%s", (_, args, given, expected) => {
    expect(told(args, given).map(([, code, numbers]) => [code, numbers])).toEqual(expected);
  });
});

describe("a workload", () => {
  it("that is not there cannot be changed, and one that could not be read says nothing", () => {
    expect(told(WEB(3), { workloads: new Map([["web", "absent"]]) })).toEqual([
      ["risk", "no-such-workload", {}],
    ]);
    expect(told(WEB(3), { workloads: new Map() })).toEqual([]);
  });

  it("of a custom kind has no room that could be weighed", () => {
    const custom = (replicas: number | null) =>
      new Map([["shop", { ...deployment("shop", 1), replicas, template: null }]]);
    const args = ["--workload=Rollout.argoproj.io:shop:3"];
    expect(told(args, { workloads: custom(1) })).toEqual([
      ["note", "capacity-unknown", { before: 1, after: 3 }],
    ]);
    expect(told(args, { workloads: custom(5) })).toEqual([]);
    expect(told(args, { workloads: custom(null) })).toEqual([["risk", "not-scalable", {}]]);
  });
});
