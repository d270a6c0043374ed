import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import { parsePlanFile } from "../../src/kubernetes/read-plan-file.ts";
import { ScalePlan, scalePlanJsonSchema } from "../../src/kubernetes/scale-plan.ts";

const FILE = new URL("../../src/kubernetes/scale-plan.schema.json", import.meta.url);
const ajv = new Ajv2020();
addFormats.default(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync(FILE, "utf8")));

function planOf(...args: string[]): ScalePlan {
  const request = parsePlanArguments(args);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  return buildPlan(request.input, { createdAtMs: Date.UTC(2025, 0, 15), kubeContext: null });
}

it("ships the JSON Schema of plan.yaml as the code has it", () => {
  const schema = `${JSON.stringify(scalePlanJsonSchema(), null, 2)}\n`;
  // UPDATE_SCHEMA=1 writes it anew after a change of the plan.
  if (process.env.UPDATE_SCHEMA === "1") writeFileSync(FILE, schema);
  expect(JSON.parse(readFileSync(FILE, "utf8"))).toEqual(JSON.parse(schema));
});

describe("a plan file", () => {
  const everything = planOf(
    ...["--workload=Deployment:web:16", "--req=web:cpu=0.5,mem=1e9", "--lim=web:cpu=1,mem=2Gi"],
    ...["--hpa=min:4,max:12,cpu:65", "--workload=DaemonSet:agent", "--lim=agent:mem=100Mi"],
    ...["--workload=CronJob:report:suspend=true,parallelism=2", "--workload=Rollout.argoproj.io:shop:3"],
    "--vpa=shop:mode=Auto,min-cpu=100m,max-mem=4Gi",
  );

  it("is valid by the schema, and reads back as the plan, with every kind of action", () => {
    const read: unknown = parse(renderPlanFile(everything));
    expect([isValid(read), isValid.errors]).toEqual([true, null]);
    expect(parsePlanFile(renderPlanFile(everything))).toEqual({ kind: "plan", plan: everything });
    expect([...new Set(everything.actions.map(({ action }) => action))]).toEqual([
      "scale_workload",
      "update_resources",
      "apply_hpa",
      "update_cronjob",
      "apply_vpa",
    ]);
  });

  it("is refused by schema and code alike with a field that there is not, or without one", () => {
    const wrong = [
      { ...everything, limts: [] },
      { ...everything, actions: [{ ...everything.actions[0], to: -1 }] },
      { ...everything, actions: [{ ...everything.actions[0], from: "detect" }] },
      { ...everything, context: { namespace: "assistant" } },
      // There is no pod without a container.
      { ...everything, actions: [{ ...everything.actions[1], previous: { containers: [] } }] },
    ];
    for (const plan of wrong)
      expect([isValid(plan), ScalePlan.safeParse(plan).success]).toEqual([false, false]);
  });

  it("is refused in a sentence, with the place, whatever somebody has made of it", () => {
    const text = renderPlanFile(everything);
    expect(parsePlanFile(text.replace("to: 16", "to: many"))).toMatchObject({
      kind: "bad",
      path: "actions.0.to",
    });
    expect(parsePlanFile(text.replace("to: 16", "to: 16\n    to: 17"))).toMatchObject({
      kind: "bad",
      path: "to",
    });
    expect(parsePlanFile(text.replace("cpu: 1\n", "cpu: lots\n"))).toMatchObject({
      kind: "bad",
      path: "actions.1.limits.cpu",
      message: expect.stringContaining("Kubernetes quantity"),
    });
    const bombs = [
      "a: &a [1]\nb: [*a, *a]\n",
      "[".repeat(100_000),
      "- ".repeat(50_000),
      "a".repeat(2_000_001),
    ];
    for (const bad of ["", "[]", "a: [", "\u0000", "null", ...bombs])
      expect([bad.slice(0, 10), parsePlanFile(bad).kind]).toEqual([bad.slice(0, 10), "bad"]);
  });

  it("has each name as text, whatever YAML would take it for", () => {
    const names = ["on", "yes", "n", "null", "true", "1e3", "0x1f", "0b11", "007", "12", "1.5"];
    const workloads = names.map((name) => `--workload=Deployment:${name}:1`);
    const text = renderPlanFile(planOf("--target=1_000", "--namespace=no", ...workloads));
    for (const version of ["1.1", "1.2"] as const) {
      const read: unknown = parse(text, { version });
      expect(read).toMatchObject({
        metadata: { target: "1_000" },
        context: { namespace: "no" },
        actions: names.map((name) => ({ name, namespace: "no" })),
      });
    }
  });
});
