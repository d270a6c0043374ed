import { describe, expect, it } from "vitest";
import type { ClusterFacts, WorkloadFacts } from "../../src/kubernetes/detect/cluster-facts.ts";
import { agentPod, cronJob, deployment, judge, node, pod } from "./support/cluster-facts.ts";

const small = { requests: { cpu: "500m", memory: "1Gi" } };
const SIZE = { cpu: "500m", memory: "1Gi" };
const web = (spec: object = {}) => new Map([["web", deployment("web", 1, small, { ...spec })]]);
const running = pod("web", "a", small.requests);
const taints = [{ key: "dedicated", value: "batch", effect: "NoSchedule" }];
const affinity = (operator: string, key: string, values: string[] = []) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
});
const alone = {
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: "web" } }, topologyKey: "kubernetes.io/hostname" },
      ],
    },
  },
};
const ab = [node("a", { cpu: "2", memory: "8Gi" }), node("b", { cpu: "2", memory: "8Gi" })];

/** From one replica to the most that there is room for, by what decides. */
const ROOM: [string, number, Partial<ClusterFacts>][] = [
  ["CPU", 8, { nodes: ab, workloads: web() }],
  ["memory", 3, { nodes: [node("a", { cpu: "64", memory: "3.5Gi" })], workloads: web() }],
  [
    "a node's number of pods",
    2,
    { nodes: [node("a", { cpu: "64", memory: "64Gi", pods: "2" })], workloads: web() },
  ],
  [
    "what other pods request, of any namespace",
    5,
    { nodes: ab, workloads: web(), pods: [running, pod("db", "b", { cpu: "1500m" }, "other")] },
  ],
  [
    "a taint",
    4,
    { nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, { taints })], workloads: web() },
  ],
  [
    "a taint that is tolerated",
    8,
    {
      nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, { taints })],
      workloads: web({ tolerations: [{ key: "dedicated", value: "batch" }] }),
    },
  ],
  [
    "all taints tolerated",
    8,
    {
      nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, { taints })],
      workloads: web({ tolerations: [{ operator: "Exists" }] }),
    },
  ],
  [
    "a taint that is only a wish",
    8,
    {
      nodes: [
        ab[0] ?? node("a", {}),
        node("b", { cpu: "2", memory: "8Gi" }, { taints: [{ key: "x", effect: "PreferNoSchedule" }] }),
      ],
      workloads: web(),
    },
  ],
  [
    "a cordoned node",
    4,
    {
      nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, { unschedulable: true })],
      workloads: web(),
    },
  ],
  [
    "a node selector",
    4,
    {
      nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, {}, { pool: "web" })],
      workloads: web({ nodeSelector: { pool: "web" } }),
    },
  ],
  [
    "a required affinity",
    4,
    {
      nodes: [ab[0] ?? node("a", {}), node("b", { cpu: "2", memory: "8Gi" }, {}, { pool: "web" })],
      workloads: web(affinity("NotIn", "pool", ["web"])),
    },
  ],
  [
    "an affinity by number",
    4,
    {
      nodes: [
        node("a", { cpu: "2", memory: "8Gi" }, {}, { cores: "4" }),
        node("b", { cpu: "2", memory: "8Gi" }, {}, { cores: "16" }),
      ],
      workloads: web(affinity("Gt", "cores", ["8"])),
    },
  ],
  ["pods that keep away from each other", 2, { nodes: ab, workloads: web(alone), pods: [running] }],
  [
    "a device that no node has",
    1,
    {
      nodes: ab,
      workloads: new Map([["web", deployment("web", 1, { requests: { "nvidia.com/gpu": "1" } })]]),
      pods: [pod("web", "a", {})],
    },
  ],
  [
    "a large init container",
    4,
    {
      nodes: ab,
      workloads: web({ initContainers: [{ name: "setup", resources: { requests: { cpu: "1" } } }] }),
    },
  ],
  [
    "a sidecar",
    4,
    {
      nodes: ab,
      workloads: web({
        initContainers: [
          { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "500m" } } },
        ],
      }),
    },
  ],
  [
    "what a pod requests as a whole",
    2,
    { nodes: ab, workloads: web({ resources: { requests: { cpu: "1500m" } } }) },
  ],
  [
    "what a pod is limited to as a whole, where no container requests it",
    2,
    {
      nodes: ab,
      workloads: new Map([["web", deployment("web", 1, {}, { resources: { limits: { cpu: "1500m" } } })]]),
    },
  ],
  [
    "what the containers request, where the pod as a whole is only limited",
    8,
    { nodes: ab, workloads: web({ resources: { limits: { cpu: "1500m" } } }) },
  ],
  [
    "what other pods request as a whole",
    6,
    {
      nodes: ab,
      workloads: web(),
      pods: [running, pod("db", "b", {}, "other", { resources: { requests: { cpu: "1" } } })],
    },
  ],
  [
    "a pod's overhead",
    2,
    {
      nodes: ab,
      workloads: web({
        overhead: { cpu: "500m", memory: "1Gi" },
        containers: [{ name: "main", resources: { requests: { cpu: "1" } } }],
      }),
    },
  ],
  [
    "limits where there are no requests",
    4,
    { nodes: ab, workloads: new Map([["web", deployment("web", 1, { limits: { cpu: "1" } })]]) },
  ],
];

it.each(ROOM)("has room as %s allows: for %i", (_, most, given) => {
  const codes = (replicas: number) =>
    judge([`--workload=Deployment:web:${replicas}`], given).map(({ code }) => code);
  if (most > 1) expect(codes(most)).toEqual([]);
  expect(codes(most + 1)).toEqual(["no-room"]);
});

it("tells what is needed, and what each node has", () => {
  const cordoned = node("c", { cpu: "8", memory: "8Gi" }, { unschedulable: true });
  const nodes = [...ab, node("d", { cpu: "8", memory: "8Gi" }, { taints }), cordoned];
  expect(judge(["--workload=Deployment:web:9"], { nodes, workloads: web(), pods: [running] })).toEqual([
    {
      kind: "risk",
      code: "no-room",
      subject: "Deployment/web",
      message:
        "Deployment/web needs room for 8 more pods of 500m cpu and 1Gi memory, and the nodes have room for 7: 3 on a, 4 on b, none on 1 with a taint that it does not tolerate, none on 1 cordoned.",
      numbers: {
        ...{ needed: 8, room: 7, nodes: 4, cordoned: 1, tainted: 1, unselected: 0 },
        ...SIZE,
        ...{ "room on a": 3, "room on b": 4 },
      },
    },
  ]);
});

it("weighs the workloads of a plan together", () => {
  const workloads = new Map([...web(), ["api", deployment("api", 0, { requests: { cpu: "2" } })] as const]);
  const args = ["--workload=Deployment:web:4", "--workload=Deployment:api:2"];
  expect(judge(args, { nodes: ab, workloads })).toMatchObject([
    { subject: "Deployment/api", numbers: { needed: 2, room: 0 } },
  ]);
});

it("gives a rollout the room of the pods that it replaces", () => {
  const pods = [running, pod("web", "b", small.requests)];
  const workloads = new Map([["web", deployment("web", 2, small)]]);
  const codes = (cpu: string) =>
    judge(["--workload=Deployment:web", `--req=web:cpu=${cpu}`], { nodes: ab, workloads, pods }).map(
      ({ code }) => code,
    );
  expect([codes("2"), codes("2001m")]).toEqual([[], ["no-room"]]);
});

describe("a rolling update", () => {
  const nodes = [node("a", { cpu: "2500m", memory: "8Gi" })];
  const pods = (count: number) => Array.from({ length: count }, () => pod("web", "a", { cpu: "500m" }));
  const roll = (count: number, rollout: WorkloadFacts["rollout"], cpu = "600m") => {
    const found = { ...deployment("web", count, { requests: { cpu: "500m" } }), rollout };
    const given = { nodes, workloads: new Map([["web", found]]), pods: pods(count) };
    return judge(["--workload=Deployment:web", `--req=web:cpu=${cpu}`], given);
  };
  const usual = { maxSurge: "25%", maxUnavailable: "25%" };

  it.each([
    ["fits beside all", 3, usual, []],
    // Of 4 one may go first, of 3 none.
    ["takes the room of one that may go first", 4, usual, []],
    [
      "has no room beside those that may not go",
      4,
      { maxSurge: 1, maxUnavailable: 0 },
      ["no-room-for-surge"],
    ],
    ["has one go first where none may be too many", 4, { maxSurge: 0, maxUnavailable: 0 }, []],
    ["has all go first where it is none", 4, null, []],
  ])("%s", (_, count, rollout, codes) => {
    expect(roll(count, rollout).map(({ code }) => code)).toEqual(codes);
  });

  it("tells what it starts beside what runs on, where all would find room", () => {
    const [finding, ...more] = roll(4, { maxSurge: 1, maxUnavailable: "0%" });
    expect([finding?.message, more]).toEqual([
      "A rolling update of Deployment/web (maxSurge 1, maxUnavailable 0) comes to need room for 1 new pod of 600m cpu beside 4 old, and the nodes have room for 0: 0 on a.",
      [],
    ]);
    expect(finding?.numbers).toMatchObject({
      ...{ needed: 1, beside: 4, surge: 1, unavailable: 0, cpu: "600m", room: 0 },
    });
  });

  it("has its last pod find room beside the last old one, where none may go before it", () => {
    const none = { maxSurge: 1, maxUnavailable: 0 };
    // Of 2500m the two new ones have 2000m, or 2200m.
    expect(roll(2, none, "1")).toEqual([]);
    expect(roll(2, none, "1100m")).toMatchObject([
      { code: "no-room-for-surge", numbers: { needed: 2, beside: 1, room: 1, "room on a": 1 } },
    ]);
    expect(roll(2, { maxSurge: 1, maxUnavailable: 1 }, "1100m")).toEqual([]);
  });

  it("has the last old one stay where it takes the room of the fewest", () => {
    const found = {
      ...deployment("web", 2, { requests: { cpu: "100m" } }),
      rollout: { maxSurge: 1, maxUnavailable: 0 },
    };
    const codes = (...allocatable: string[]) =>
      judge(["--workload=Deployment:web", "--req=web:cpu=1"], {
        nodes: allocatable.map((cpu, index) => node(["a", "b"][index] ?? "c", { cpu })),
        workloads: new Map([["web", found]]),
        pods: [pod("web", "a", { cpu: "100m" }), pod("web", "b", { cpu: "100m" })],
      }).map(({ code }) => code);
    expect([codes("1100m", "1"), codes("1", "1500m"), codes("1", "1099m")]).toEqual([
      [],
      [],
      ["no-room-for-surge"],
    ]);
  });

  it("is none where the pods request that already", () => {
    expect(roll(4, { maxSurge: 1, maxUnavailable: 0 }, "0.5")).toEqual([]);
  });

  it("keeps away from what runs on where it shares no node with its kind", () => {
    const found = { ...deployment("web", 2, small, alone), rollout: { maxSurge: 1, maxUnavailable: 0 } };
    const own = [running, pod("web", "b", small.requests)];
    const codes = (...more: ReturnType<typeof node>[]) =>
      judge(["--workload=Deployment:web", "--req=web:cpu=1"], {
        nodes: [...ab, ...more],
        workloads: new Map([["web", found]]),
        pods: own,
      }).map(({ code }) => code);
    expect([codes(), codes(node("c", { cpu: "1", memory: "1Gi" }))]).toEqual([["no-room-for-surge"], []]);
  });

  it("of a DaemonSet starts beside the old pod of each node, where it surges", () => {
    const codes = (maxSurge: number, cpu: string) => {
      const found = deployment("agent", undefined, { requests: { cpu: "1" } });
      const agent = { ...found, rollout: { maxSurge, maxUnavailable: maxSurge === 0 ? 1 : 0 } };
      return judge(["--workload=DaemonSet:agent", `--req=agent:cpu=${cpu}`], {
        nodes: ab,
        workloads: new Map([["agent", agent]]),
        pods: [agentPod("agent", "a", { cpu: "1" }), agentPod("agent", "b", { cpu: "1" })],
      }).map(({ code }) => code);
    };
    expect([codes(0, "2"), codes(1, "1001m"), codes(1, "900m")]).toEqual([[], ["no-room"], []]);
  });
});

it("knows a workload's pods by their owner, whoever else has its labels", () => {
  const other = {
    ...running,
    metadata: { ...pod("other", "a", {}).metadata, labels: running.metadata.labels },
  };
  const orphan = { ...running, metadata: { ...running.metadata, ownerReferences: [] } };
  const workloads = new Map([["web", deployment("web", 2, small)]]);
  const codes = (...pods: (typeof running)[]) =>
    judge(["--workload=Deployment:web", "--req=web:cpu=2"], { nodes: ab, workloads, pods }).map(
      ({ code }) => code,
    );
  expect([
    codes(running, pod("web", "b", small.requests)),
    codes(running, other),
    codes(running, orphan),
  ]).toEqual([[], ["no-room"], ["no-room"]]);
});

it("has each pod of a DaemonSet grow where it is", () => {
  const pods = [
    agentPod("agent", "a", { cpu: "100m" }),
    agentPod("agent", "b", { cpu: "100m" }),
    pod("db", "b", { cpu: "1500m" }),
  ];
  const workloads = new Map([["agent", deployment("agent", undefined, { requests: { cpu: "100m" } })]]);
  const findings = (cpu: string) =>
    judge(["--workload=DaemonSet:agent", `--req=agent:cpu=${cpu}`], { nodes: ab, workloads, pods });
  expect(findings("500m")).toEqual([]);
  expect(findings("600m")).toMatchObject([
    { code: "no-room", numbers: { needed: 2, room: 1, "room on a": 1, "room on b": 0 } },
  ]);
});

it("has pods on a cordoned node where they tolerate that, as those of a DaemonSet do", () => {
  const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const nodes = [node("a", { cpu: "2", memory: "8Gi" }, { unschedulable: true, taints: [cordon] })];
  const agents = new Map([["agent", deployment("agent", undefined, { requests: { cpu: "100m" } })]]);
  const grow = (cpu: string) =>
    judge(["--workload=DaemonSet:agent", `--req=agent:cpu=${cpu}`], {
      nodes,
      workloads: agents,
      pods: [agentPod("agent", "a", { cpu: "100m" })],
    }).map(({ code }) => code);
  expect([grow("2"), grow("2100m")]).toEqual([[], ["no-room"]]);
  const more = (spec: object) =>
    judge(["--workload=Deployment:web:2"], { nodes, workloads: web(spec) }).map(({ code }) => code);
  expect([more({}), more({ tolerations: [{ ...cordon, operator: "Exists" }] })]).toEqual([["no-room"], []]);
});

it("has all pods of a CronJob's run find room, unless it is suspended", () => {
  const workloads = new Map([["report", cronJob("report", true, 1, { requests: { cpu: "1" } })]]);
  const codes = (change: string) =>
    judge([`--workload=CronJob:report:${change}`], { nodes: ab, workloads }).map(({ code }) => code);
  expect([
    codes("parallelism=9"),
    codes("suspend=false,parallelism=4"),
    codes("suspend=false,parallelism=5"),
  ]).toEqual([[], [], ["no-room"]]);
});

it("notes that there is no room for what an HPA may ask for", () => {
  const args = ["--workload=Deployment:web:2", "--hpa=min:1,max:12,cpu:60"];
  expect(judge(args, { nodes: ab, workloads: web(), pods: [running] })).toMatchObject([
    { kind: "note", code: "no-room-for-max", numbers: { after: 2, max: 12, room: 8 } },
  ]);
});

it("counts no pods of an HPA at 0 replicas, where it does nothing", () => {
  const args = ["--workload=Deployment:web:0", "--hpa=min:9,max:12,cpu:60"];
  expect(judge(args, { nodes: ab, workloads: web(), pods: [running] })).toEqual([]);
});

it.each([
  ["app=shop", ["no-room"]],
  ["app==shop", ["no-room"]],
  ["app in (shop)", ["capacity-unknown"]],
  ["app=other", ["capacity-unknown"]],
  ["", ["capacity-unknown"]],
])(
  "knows the pods of a custom resource by those that it runs, as its selector %j finds them",
  (selector, codes) => {
    const custom = { ...deployment("shop", 1), template: null, selector };
    const given = {
      nodes: ab,
      workloads: new Map([["shop", custom]]),
      pods: [pod("shop", "a", { cpu: "1" })],
    };
    const found = (replicas: number) =>
      judge([`--workload=Rollout.argoproj.io:shop:${replicas}`], given).map(({ code }) => code);
    expect(found(5)).toEqual(codes);
    if (codes[0] === "no-room") expect(found(4)).toEqual([]);
  },
);

it("says nothing of fewer pods, nor of what could not be read", () => {
  const full = [node("a", {})];
  expect(judge(["--workload=Deployment:web:0"], { nodes: full, workloads: web(), pods: [running] })).toEqual(
    [],
  );
  expect(judge(["--workload=Deployment:web:9"], { nodes: null, workloads: web() })).toEqual([]);
  expect(judge(["--workload=Deployment:web:9"], { pods: null, nodes: full, workloads: web() })).toEqual([]);
});
