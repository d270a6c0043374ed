import { expect, test } from "vitest";
import { z } from "zod";
import { explainRollout } from "../../src/kubernetes/apply/explain-rollout.ts";
import { type ApplyWorld, readSteps } from "../../src/kubernetes/apply/plan-run.ts";
import { rollBack } from "../../src/kubernetes/apply/roll-back.ts";
import { waitForRollout } from "../../src/kubernetes/apply/wait-for-rollout.ts";
import { ClusterError, type ClusterErrorCode } from "../../src/kubernetes/cluster/cluster-error.ts";
import { accept } from "../../src/kubernetes/cluster/judge-answer.ts";
import { type MemoryCluster, memoryCluster } from "./support/memory-cluster.ts";
import { planOf, scaleTo } from "./support/plan-world.ts";

const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };

function codeOf(status: number, verb: string): ClusterErrorCode {
  try {
    accept({ status, body: { message: "storage is (re)initializing" } }, z.unknown(), {
      context: "prod",
      verb,
      subject: "Deployment/web",
    });
  } catch (error) {
    if (error instanceof ClusterError) return error.code;
  }
  throw new Error("That was accepted.");
}

function fail(status: number, verb: string): never {
  throw new ClusterError(codeOf(status, verb), `The cluster answers ${status}.`);
}

/** A world of one cluster, which waits 2 s of its own clock. */
function worldOf(state: MemoryCluster): ApplyWorld & { lines: string[] } {
  const cluster = memoryCluster(state);
  const lines: string[] = [];
  let nowMs = 0;
  return {
    lines,
    clock: () => (nowMs += 100),
    clusterOf: async () => cluster,
    kubeContext: null,
    onConflict: "refuse",
    timeoutMs: 2000,
    pollMs: 1,
    graceMs: 100,
    signal: new AbortController().signal,
    say: (line) => void lines.push(line),
    redact: (text) => text,
  };
}

/** Fails the first `times` requests of a verb. */
function failing(times: number, status: number, verb: "read" | "scale") {
  let left = times;
  return (asked: "read" | "scale") => {
    if (asked === verb && left-- > 0) fail(status, verb === "read" ? "get" : "patch");
  };
}

test.each([429, 502, 503, 504])("the status %i says nothing of what was asked", (status) => {
  expect([codeOf(status, "get"), codeOf(status, "list"), codeOf(status, "patch")]).toEqual([
    "busy",
    "busy",
    "busy",
  ]);
});

test("the status 500 says nothing of a question, and may be a webhook's word on a change", () => {
  expect([codeOf(500, "get"), codeOf(500, "list")]).toEqual(["busy", "busy"]);
  expect([codeOf(500, "patch"), codeOf(500, "delete"), codeOf(422, "get")]).toEqual([
    "refused",
    "refused",
    "refused",
  ]);
});

test.each([429, 500, 502, 503, 504])("a rollout is waited for through the status %i", async (status) => {
  const state = { replicas: 3, answer: failing(5, status, "read") };
  const world = worldOf(state);
  expect(await waitForRollout(await world.clusterOf(null), web, world)).toEqual({ kind: "ready" });
});

test("an outage until the deadline is no failed rollout", async () => {
  const world = worldOf({ replicas: 3, answer: () => fail(503, "get") });
  const waited = waitForRollout(await world.clusterOf(null), web, world);
  await expect(waited).rejects.toMatchObject({ code: "busy" });
});

/** The step of scaling to 4, as it stands after it was applied. */
async function appliedStep(state: MemoryCluster, world: ApplyWorld) {
  const steps = (await readSteps(planOf([scaleTo("web", 4)]), world)).map(({ step }) => step);
  for (const step of steps) step.outcome = "applied";
  state.replicas = 4;
  return steps;
}

test.each([
  [500, "scale"],
  [503, "scale"],
  [503, "read"],
] as const)("a rollback is tried again through the status %i of a %s", async (status, verb) => {
  const state: MemoryCluster = { replicas: 2 };
  const world = worldOf(state);
  const steps = await appliedStep(state, world);
  state.answer = failing(2, status, verb);
  expect(await rollBack(steps, world)).toBe(true);
  expect([state.replicas, steps.map(({ outcome }) => outcome)]).toEqual([2, ["rolled-back"]]);
});

test("a rollback that is refused for good is kept, and one without an answer is left to the next run", async () => {
  for (const [status, outcome] of [
    [422, "kept"],
    [503, null],
  ] as const) {
    const state: MemoryCluster = { replicas: 2 };
    const world = worldOf(state);
    const steps = await appliedStep(state, world);
    state.answer = (verb) => void (verb === "scale" && fail(status, "patch"));
    const done = rollBack(steps, world);
    if (outcome === null) await expect(done).rejects.toMatchObject({ code: "busy" });
    else expect([await done, steps[0]?.outcome]).toEqual([false, outcome]);
  }
});

test("of a container that has ended its reason and exit code are told, and nothing that it has printed", async () => {
  const pod = {
    metadata: { uid: "pod", ownerReferences: [{ uid: "web" }] },
    status: {
      containerStatuses: [
        {
          state: {
            terminated: { reason: "Error", exitCode: 3, message: "postgres://shop:hunter2@db refused" },
          },
        },
      ],
    },
  };
  const cluster = memoryCluster({ replicas: 1, lists: { Pod: [pod] } });
  expect(await explainRollout(cluster, web)).toEqual(["Error (exit code 3)"]);
});
