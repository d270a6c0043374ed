import { describe, expect, it } from "vitest";
import { judgeCost } from "../../src/kubernetes/judge-cost.ts";
import { type CostRow, costOf, type PricedPods } from "../../src/kubernetes/plan-cost.ts";
import { DETECT } from "../../src/kubernetes/scale-input.ts";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";

const PRICES = { currency: "EUR", cpuHour: "0.04", memoryGiBHour: "0.005" };
const TABLE = { kind: "text", text: "currency: EUR\ncpuHour: 0.04\nmemoryGiBHour: 0.005\n" } as const;
const WRONG = "names a cost that is not what its own numbers come to";
const of = { kind: "Deployment", name: "web", namespace: "shop" } as const;
const pods = (replicas: number, cpu: string, mem: string): PricedPods => ({ replicas, cpu, mem });

type Resize = Extract<PlanAction, { action: "update_resources" }>;
const resize = (requests: Resize["requests"], previous?: Resize["previous"]): PlanAction => ({
  action: "update_resources",
  ...of,
  ...(requests && { requests }),
  ...(previous && { previous }),
});
const scale = (to: number, from?: number): PlanAction => ({
  action: "scale_workload",
  ...of,
  from: from ?? DETECT,
  to,
  reason: "requested_scale",
});
const ran = (...containers: readonly { cpu?: string; mem?: string }[]): Resize["previous"] => ({
  containers: containers.map((requests, index) => ({ name: `c${index}`, requests })),
});

/** Of a plan that a cluster is said to have filled in. */
function judge(actions: PlanAction[], before: PricedPods | null, after: PricedPods | null) {
  const row: CostRow = { kind: of.kind, name: of.name, before, after };
  return judgeCost({ actions, clusters: [], cost: costOf([row], PRICES) }, TABLE);
}

describe("the cost of pods that their cluster has told of", () => {
  const both = resize({ cpu: "64", mem: "256Gi" });

  it.each([
    ["is no less than is requested", [both], pods(2, "64500m", "257Gi")],
    ["may be of other pods than before where they are scaled", [both, scale(3)], pods(3, "64", "256Gi")],
    ["is not known where the cluster has not told it", [both], null],
    ["may have any memory where CPU alone is requested", [resize({ cpu: "64" })], pods(2, "64", "0")],
    ["may have any CPU where memory alone is requested", [resize({ mem: "256Gi" })], pods(2, "0", "256Gi")],
    ["may be anything where limits alone are set", [resize(undefined)], pods(2, "0", "0")],
    ["may be of no pods", [both, scale(0)], pods(0, "64", "256Gi")],
  ])("%s", (_, actions, after) => {
    expect(judge(actions, after && pods(2, "4", "16Gi"), after)).toBeNull();
  });

  it.each([
    ["less CPU than is requested, of however many pods", [both], pods(2, "100m", "256Gi")],
    ["less memory than is requested, of however many pods", [both], pods(2, "64", "1Gi")],
    ["less CPU than is requested without memory", [resize({ cpu: "64" })], pods(2, "100m", "16Gi")],
    ["less memory than is requested without CPU", [resize({ mem: "256Gi" })], pods(2, "4", "1Gi")],
    ["less than is requested where it is scaled too", [both, scale(3, 2)], pods(3, "100m", "256Gi")],
    ["less CPU where it is scaled too", [resize({ cpu: "64" }), scale(3)], pods(3, "1", "16Gi")],
    ["fewer pods where nothing scales them", [both], pods(1, "64", "256Gi")],
    ["more pods where nothing scales them", [both], pods(3, "64", "256Gi")],
    ["other pods than they are scaled to", [both, scale(3)], pods(2, "64", "256Gi")],
    [
      "less than its containers come to together",
      [resize({ cpu: "64" }, ran({ cpu: "1" }, { cpu: "1" }))],
      pods(2, "64", "16Gi"),
    ],
  ])("has not %s", (_, actions, after) => {
    expect(judge(actions, pods(2, "4", "16Gi"), after)).toBe(WRONG);
  });

  it("has not less before than its containers requested", () => {
    const action = resize({ cpu: "1" }, ran({ cpu: "2" }, { cpu: "3" }));
    expect(judge([action], pods(2, "5", "1Gi"), pods(2, "2", "1Gi"))).toBeNull();
    expect(judge([action], pods(2, "4", "1Gi"), pods(2, "2", "1Gi"))).toBe(WRONG);
  });

  it("is known before where it is known what ran", () => {
    const asked = resize({ cpu: "1", mem: "1Gi" }, ran({ cpu: "2", mem: "1Gi" }));
    expect(judge([asked, scale(2, 2)], null, pods(2, "1", "1Gi"))).toBe(WRONG);
  });
});

describe("the cost of pods of which the actions alone tell", () => {
  const judgeAlone = (actions: PlanAction[], after: PricedPods | null) => {
    const row: CostRow = { kind: of.kind, name: of.name, before: null, after };
    return judgeCost({ actions, cost: costOf([row], PRICES) }, TABLE);
  };

  it("is not known by what was there of one of the two alone", () => {
    const actions = [resize({ cpu: "64" }, ran({ cpu: "1" })), scale(2)];
    expect(judgeAlone(actions, pods(2, "64", "0"))).toBe(WRONG);
    expect(judgeAlone(actions, null)).toBeNull();
  });
});
