import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import { neverReady } from "./support/open-cluster.ts";
import { planOf, REPO, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const openShared = sharePlanCluster();

async function open(skip: (note: string) => never) {
  const { cluster, admin, world } = await openShared(skip);
  await world.commit({ ".github/pulumiscale.yml": "ledger: trust-writers\n" });
  const environment = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    GITHUB_TOKEN: world.token,
    GITHUB_API_URL: world.github.apiUrl,
    GITHUB_REPOSITORY: REPO,
  };
  /** Runs the command line; as soon as it says `killAt`, it is killed. */
  const run = async (killAt: RegExp | null) => {
    const args = ["apply-plan", "--force-conflicts", "--timeout", "20", "--json"];
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    const lines: string[] = [];
    createInterface(child.stderr).on("line", (line) => {
      lines.push(line);
      if (killAt?.test(line)) child.kill("SIGKILL");
    });
    const [code, signal]: unknown[] = await once(child, "close");
    return { code, signal, lines, answer };
  };
  return { admin, world, run };
}

const ref = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name, namespace: "default" });
const ready = (count: number) => z.object({ status: z.object({ readyReplicas: z.literal(count) }) });
const cpuOf = (name: string, cpu: string): PlanAction => ({
  action: "update_resources",
  kind: "Deployment",
  name,
  namespace: "default",
  requests: { cpu },
});
const Answer = z.object({ receipts: z.array(z.looseObject({ outcome: z.string() })) });

test.for<[string, RegExp]>([
  ["before anything is applied", /^Applying the plan/],
  ["between two changes of one workload", /^Deployment\/kill: applied/],
  ["while it waits", /^Deployment\/kill: \d of 4 ready …/],
  ["between two workloads", /^Deployment\/kill: 4 of 4 ready\./],
])(
  "a run that is killed %s is gone on with by the next, which knows what stood before",
  async ([, killAt], { skip }) => {
    const { admin, world, run } = await open(skip);
    await admin.apply(workload("Deployment", "kill", { replicas: 2 }));
    await admin.apply(workload("Deployment", "then", { replicas: 1 }));
    await admin.waitFor(ref("kill"), ready(2));
    const observed = await observe(admin.get(ref("kill")));
    await world.merge(
      planOf([
        { ...scaleTo("kill", 4), observed },
        { ...cpuOf("kill", "120m"), observed },
        scaleTo("then", 2),
      ]),
    );
    const killed = await run(killAt);
    expect([killed.code, killed.signal]).toEqual([null, "SIGKILL"]);
    const next = await run(null);
    expect(next.code, next.lines.join("\n")).toBe(0);
    expect(Answer.parse(JSON.parse(next.answer)).receipts).toMatchObject([
      {
        outcome: "applied",
        actions: [
          { outcome: "applied", before: { replicas: 2 } },
          { outcome: "applied", before: { containers: [{ requests: { cpu: "100m" } }] } },
          { outcome: "applied", before: { replicas: 1 } },
        ],
        rollbackHints: [
          "kubectl scale deployment/then -n default --replicas=1 --context=admin",
          expect.stringContaining("100m"),
          "kubectl scale deployment/kill -n default --replicas=2 --context=admin",
        ],
      },
    ]);
    await admin.waitFor(ref("kill"), ready(4));
    expect(JSON.parse((await run(null)).answer)).toEqual({ receipts: [], problems: [] });
    await admin.remove(ref("kill"));
    await admin.remove(ref("then"));
  },
);

test.for<[string, RegExp]>([
  ["before it rolls back", /Rolling back\.$/],
  ["after it has rolled one change back", /^Deployment\/fail: rolled back/],
])(
  "a failing run that is killed %s is taken back by the next",
  { timeout: 60_000 },
  async ([, killAt], { skip }) => {
    const { admin, world, run } = await open(skip);
    const spec = { replicas: 2, progressDeadlineSeconds: 1 };
    await admin.apply(workload("Deployment", "fail", spec, { [neverReady]: "300m" }));
    await admin.waitFor(ref("fail"), ready(2));
    await world.merge(planOf([scaleTo("fail", 3), cpuOf("fail", "300m")]));
    const killed = await run(killAt);
    expect([killed.code, killed.signal]).toEqual([null, "SIGKILL"]);
    const next = await run(null);
    expect(next.code).toBe(1);
    expect(await world.readReceipt()).toMatchObject({
      outcome: "rolled-back",
      actions: [
        { outcome: "rolled-back", after: { replicas: 3 } },
        { outcome: "rolled-back", after: { containers: [{ requests: { cpu: "300m" } }] } },
      ],
    });
    expect(await admin.get(ref("fail"))).toMatchObject({
      spec: {
        replicas: 2,
        template: { spec: { containers: [{ resources: { requests: { cpu: "100m" } } }] } },
      },
    });
    await admin.waitFor(ref("fail"), ready(2));
    await admin.remove(ref("fail"));
  },
);

async function observe(reading: Promise<unknown>) {
  const metadata = z.object({ uid: z.string(), resourceVersion: z.string(), generation: z.int() });
  return z.object({ metadata }).parse(await reading).metadata;
}
