import { describe, expect, it } from "vitest";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import type { Workload } from "../../src/kubernetes/scale-input.ts";

const WEB = "--workload=Deployment:web:6";

function workloadsOf(...args: string[]): readonly Workload[] {
  const request = parsePlanArguments(args);
  return request.kind === "plan" ? request.input.workloads : [];
}

function mistakeOf(...args: string[]): string {
  try {
    parsePlanArguments(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("There is no mistake.");
}

describe("the arguments", () => {
  it("stand for what the seed says unless given", () => {
    expect(parsePlanArguments([WEB])).toEqual({
      kind: "plan",
      mode: "dry-run",
      branch: null,
      cluster: { use: "if-there-is-one", onRisk: "tell", kubeconfig: null },
      prices: null,
      input: {
        target: "prod",
        namespace: "default",
        autoscaling: "hpa",
        workloads: [{ kind: "Deployment", name: "web", replicas: 6 }],
        contexts: [],
      },
    });
  });

  it("make up the whole input, in any order", () => {
    const args = [
      ...["--hpa=cpu:65,max:12,min:4", "--lim=web:mem=2Gi,cpu=1", "--req=web:cpu=500m", "--req=web:mem=1Gi"],
      ...[WEB, "--branch=infra/nightly", "--autoscaling=none", "--namespace=assistant", "--target=eu.prod_1"],
      ...["--apply", "--apply", "--strict", "--kubeconfig=kube/config", "--prices=infra/prices.yaml"],
      ...[
        "--context=staging",
        "--context=arn:aws:eks:eu-west-1:1:cluster/prod",
        "--context=web:arn:aws",
        "--context=web:b",
      ],
    ];
    expect(parsePlanArguments(args)).toEqual({
      kind: "plan",
      mode: "apply",
      branch: "infra/nightly",
      cluster: { use: "required", onRisk: "fail", kubeconfig: "kube/config" },
      prices: "infra/prices.yaml",
      input: {
        target: "eu.prod_1",
        namespace: "assistant",
        autoscaling: "none",
        workloads: [
          {
            kind: "Deployment",
            name: "web",
            replicas: 6,
            requests: { cpu: "500m", mem: "1Gi" },
            limits: { cpu: "1", mem: "2Gi" },
            hpa: { min: 4, max: 12, targetCPU: 65 },
            contexts: ["arn:aws", "b"],
          },
        ],
        contexts: ["staging", "arn:aws:eks:eu-west-1:1:cluster/prod"],
      },
    });
  });

  it("say whether clusters are asked", () => {
    const useOf = (...args: string[]) => {
      const request = parsePlanArguments([WEB, ...args]);
      return request.kind === "plan" ? request.cluster.use : null;
    };
    expect(useOf("--offline", "--context=a", "--kubeconfig=b")).toBe("offline");
    for (const named of ["--context=a", "--kubeconfig=b", "--strict"]) expect(useOf(named)).toBe("required");
  });

  it("give the autoscaler to all workloads with replicas, and to no other", () => {
    const args = [WEB, "--workload=StatefulSet:db:2", "--workload=DaemonSet:agent", "--lim=agent:cpu=1"];
    const hpa = { min: 1, max: 2, targetCPU: 300 };
    expect(workloadsOf(...args, "--hpa=min:1,max:2,cpu:300").map((workload) => workload.hpa)).toEqual([
      hpa,
      hpa,
      undefined,
    ]);
  });

  it("know more kinds: resources of a DaemonSet, a CronJob's schedule, custom resources, a vertical autoscaler", () => {
    expect(
      workloadsOf(
        ...["--workload=ReplicaSet:old:0", "--workload=CronJob:report:parallelism=3,suspend=false"],
        ...["--workload=Rollout.argoproj.io:shop:4", "--vpa=shop:mode=Off,min-cpu=1,max-cpu=2"],
      ),
    ).toEqual([
      { kind: "ReplicaSet", name: "old", replicas: 0 },
      { kind: "CronJob", name: "report", schedule: { suspend: false, parallelism: 3 } },
      {
        kind: "Rollout",
        apiGroup: "argoproj.io",
        name: "shop",
        replicas: 4,
        vpa: { mode: "Off", min: { cpu: "1" }, max: { cpu: "2" } },
      },
    ]);
  });

  it("ask for help before anything else", () => {
    for (const help of ["--help", "-h"]) expect(parsePlanArguments([help])).toEqual({ kind: "help" });
  });

  it("may follow the `--` that a package manager hands on", () => {
    expect(parsePlanArguments(["--", WEB, "--target=ci"])).toEqual(parsePlanArguments([WEB, "--target=ci"]));
  });
});

describe("a mistake names the argument, and what is expected", () => {
  const LONG = "a".repeat(254);
  it.each<[string[], string]>([
    [[], "No workloads specified: add at least one --workload="],
    [["--target=ci"], "No workloads specified"],
    [[WEB, "web"], "web: there is no such argument; expected --dry-run"],
    [[WEB, "--replicas=3"], "--replicas=3: there is no such argument"],
    ...["constructor=x", "toString=x", "__proto__=x"].map((given): [string[], string] => [
      [WEB, given],
      `${given}: there is no such argument`,
    ]),
    [[WEB, "--dry-run=yes"], "--dry-run=yes: --dry-run takes no value"],
    [[WEB, "--offline", "--strict"], "--strict: expected either --strict or --offline"],
    [[WEB, "--kubeconfig="], "--kubeconfig=: expected a file's name"],
    [[WEB, "--context=a", "--context=a"], "--context=a: this context is given already"],
    ...["", "web:", "a\nb", "a".repeat(1001)].map((context): [string[], string] => [
      [WEB, `--context=${context}`],
      "expected the name of a context of the kubeconfig, or <name>:<context>",
    ]),
    [[WEB, "--target"], "--target: expected --target=<env>"],
    [[WEB, "--dry-run", "--apply"], "--dry-run: expected either --dry-run or --apply"],
    [[WEB, "--target=a", "--target=b"], "--target=b: --target is given twice"],
    ...["", "-a", "a-", "a/b", "../x", "a..b", "a b", "prod\n", "<b>", "ä", "a".repeat(64)].map(
      (target): [string[], string] => [[WEB, `--target=${target}`], "expected an environment's name"],
    ),
    ...["", "A", "a.b", "-a", "a-", "a_b", "a".repeat(64), "a\n- x"].map((namespace): [string[], string] => [
      [WEB, `--namespace=${namespace}`],
      "expected a Kubernetes namespace",
    ]),
    ...["", "HPA", "vpa"].map((mode): [string[], string] => [
      [WEB, `--autoscaling=${mode}`],
      "expected hpa or none",
    ]),
    ...[
      "",
      "/a",
      "a/",
      "a//b",
      "a..b",
      ".a",
      "a/.b",
      "a.lock",
      "a.lock/b",
      "-a",
      "a b",
      "a~1",
      "a@{1}",
      "HEAD",
    ].map((branch): [string[], string] => [[WEB, `--branch=${branch}`], "expected a branch name"]),
    ...["pulumiscale", "scale/shop.prod", "scale-approval/a/b", "refs/heads/a", "0".repeat(40)].map(
      (branch): [string[], string] => [[WEB, `--branch=${branch}`], "expected a branch name"],
    ),
    [["--workload=web"], "--workload=web: expected --workload=<Kind>:<name>:<replicas>"],
    [["--workload=Deployment:web:6:7"], "expected --workload=<Kind>:<name>:<replicas>"],
    ...["", "-1", "+1", "1.5", "six", "06", " 6", "1e3", "2147483648", "9".repeat(400)].map(
      (count): [string[], string] => [
        [`--workload=Deployment:web:${count}`],
        "expected --workload=<Kind>:<name>:<replicas>, the replicas a whole number",
      ],
    ),
    ...[
      "",
      "Pod",
      "deployment",
      "Deployement",
      "Rollout.argoproj",
      "Rollout.",
      ".io",
      "rollout.argoproj.io",
    ].map((kind): [string[], string] => [
      [`--workload=${kind}:web:6`],
      "there is no such kind; expected Deployment, ",
    ]),
    ...["", "Web", "-web", "web-", "web.", "we_b", "a b", "a`b", "$(id)", "web\n  - x", LONG].map(
      (name): [string[], string] => [[`--workload=Deployment:${name}:6`], "expected a Kubernetes name"],
    ),
    [[`--workload=CronJob:${"a".repeat(53)}:suspend=true`], "of at most 52 characters"],
    [
      ["--workload=DaemonSet:agent:3"],
      "--workload=DaemonSet:agent:3: a DaemonSet runs one pod on each of its nodes",
    ],
    [["--workload=CronJob:report:3"], "a CronJob has no replicas"],
    [["--workload=CronJob:report:suspend=yes"], "expected --workload=CronJob:<name>:suspend=true|false"],
    [["--workload=CronJob:report:parallelism=-1"], "expected --workload=CronJob:<name>:suspend=true|false"],
    [["--workload=CronJob:report:replicas=1"], "expected --workload=CronJob:<name>:suspend=true|false"],
    [["--workload=Deployment:web"], "--workload=Deployment:web: it is to change nothing"],
    [
      [WEB, "--workload=StatefulSet:web:2"],
      "--workload=StatefulSet:web:2: there is another --workload called web",
    ],
    [[WEB, "--req=api:cpu=1"], "--req=api:cpu=1: there is no --workload of that name"],
    ...["", "web", "web:", "web:cpu", "web:cpu=", "web:gpu=1", "web:cpu=1,", ":cpu=1", "web:CPU=1"].map(
      (text): [string[], string] => [[WEB, `--req=${text}`], "expected <name>:cpu=<quantity>,mem=<quantity>"],
    ),
    [[WEB, "--req=web:cpu=1,cpu=2"], "cpu is given twice"],
    [[WEB, "--lim=web:cpu=1", "--lim=web:cpu=2"], "--lim=web:cpu=2: cpu of web is given already"],
    [[WEB, "--lim=web:cpu=lots"], "--lim=web:cpu=lots: cpu has to be a Kubernetes quantity"],
    [[WEB, "--lim=web:cpu=1e400"], "cpu is over 2^63-1"],
    [["--workload=Deployment:web", "--req=web:cpu=1", "--hpa=min:1,max:2,cpu:60"], "no --workload has any"],
    [["--workload=Deployment:web:2147483648"], "a whole number from 0 to 2147483647"],
    [[WEB, "--"], "--: there is no such argument"],
    [[WEB, "--lim=web:cpu=-1"], "cpu has to be a Kubernetes quantity from 0"],
    [
      [WEB, "--lim=web:cpu=1", "--req=web:cpu=1001m"],
      "--lim=web:cpu=1: web would request more cpu than its limit",
    ],
    [["--workload=Rollout.argoproj.io:shop:3", "--req=shop:cpu=1"], "it is a custom resource"],
    ...[
      "",
      "min:4",
      "min:4,max:12",
      "min:0,max:2,cpu:5",
      "min:5,max:4,cpu:5",
      "min:1,max:2,cpu:0",
      "4,12,65",
    ].map((text): [string[], string] => [[WEB, `--hpa=${text}`], "expected min:<n>,max:<n>,cpu:<percent>"]),
    [[WEB, "--hpa=min:1,max:2,cpu:5,min:1"], "min is given twice"],
    [[WEB, "--vpa=web:mode=auto"], "expected <name>:mode=Off|Initial|Recreate|InPlaceOrRecreate|Auto"],
    [[WEB, "--vpa=web:mode=Auto,min-mem=2Gi,max-mem=1Gi"], "its least mem is over its most"],
    [[WEB, "--vpa=web:mode=Auto", "--vpa=web:mode=Off"], "web has a --vpa already"],
    [[WEB, "--vpa=api:mode=Auto"], "there is no --workload of that name"],
  ])("%j", (args, expected) => {
    expect(mistakeOf(...args)).toContain(expected);
  });

  it("in one line that steers no terminal, however long it was", () => {
    const message = mistakeOf(WEB, `--target=\u001b[31m\n\u202e${"x".repeat(100_000)}`);
    expect(message).toMatch(/^--target=\?\[31m\?\?x+…: expected /);
    expect(message.length).toBeLessThan(500);
  });
});
