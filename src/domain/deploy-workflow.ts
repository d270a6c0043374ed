import { z } from "zod";
import { parseWithinStack } from "./stack-document.ts";

/** A job of a workflow that has to do with Pulumi. */
export type DeployJobFacts = {
  name: string;
  environment: string | null;
  /** Null: neither the workflow nor the job has one. */
  concurrency: { group: string; cancels: "running" | "none" } | null;
  /** Null: not stated, so that the repository's setting counts. */
  permissions: Readonly<Record<string, string>> | null;
  /** Runs this product's `apply`. */
  applies: boolean;
  /** The stack that its `apply` names, with its folder, as the workflow writes them; null where that is found out only as it runs. */
  appliedStack: string | null;
  /** Runs a full `up`, without asking whether the apply before it wants one. */
  upsAlways: boolean;
};

export type DeployWorkflow = {
  path: string;
  onPush: boolean;
  jobs: DeployJobFacts[];
  /** A job of it runs this product's `apply-plan`. */
  appliesPlans: boolean;
};

const Environment = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const Concurrency = z.union([
  z.string().transform((group) => ({ group, cancels: "none" as const })),
  z
    .object({ group: z.string().catch(""), "cancel-in-progress": z.unknown().optional() })
    .transform(({ group, ...more }) => ({
      group,
      cancels: more["cancel-in-progress"] === true ? ("running" as const) : ("none" as const),
    })),
]);
const Permissions = z.union([
  z.literal("write-all").transform(() => ({ contents: "write", checks: "write", "id-token": "write" })),
  z.literal("read-all").transform((): Record<string, string> => ({})),
  z.record(z.string(), z.string()),
]);
const Step = z.object({
  uses: z.string().catch(""),
  run: z.string().catch(""),
  if: z.coerce.string().catch(""),
  with: z.record(z.string(), z.coerce.string()).catch({}),
});
const Job = z.object({
  if: z.coerce.string().catch(""),
  environment: Environment.nullable().catch(null),
  concurrency: Concurrency.nullable().catch(null),
  permissions: Permissions.nullable().catch(null),
  steps: z.array(Step).catch([]),
});
const Workflow = z.object({
  on: z.unknown(),
  concurrency: Concurrency.nullable().catch(null),
  permissions: Permissions.nullable().catch(null),
  jobs: z.record(z.string(), Job).catch({}),
});

/** Reads what matters of a workflow; null where it is none. Never throws. */
export function parseDeployWorkflow(path: string, text: string): DeployWorkflow | null {
  if (text.length > 200_000) return null;
  const parsed = Workflow.safeParse(toPlain(text));
  if (!parsed.success) return null;
  const { on, concurrency, permissions, jobs } = parsed.data;
  const found = Object.entries(jobs).map(([name, job]): DeployJobFacts => {
    const applying = job.steps.find((step) => commandsOf(step).includes("apply"));
    return {
      name,
      environment: job.environment,
      concurrency: job.concurrency ?? concurrency,
      permissions: job.permissions ?? permissions,
      applies: applying !== undefined,
      appliedStack: stackOf(applying),
      upsAlways: job.steps.some(
        (step) => commandsOf(step).includes("up") && !`${step.if}${job.if}`.includes("full"),
      ),
    };
  });
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  return {
    ...{ path, onPush: isOnPush(on) },
    jobs: found.filter((job) => job.applies || job.upsAlways),
    appliesPlans: steps.some((step) => commandsOf(step).includes("apply-plan")),
  };
}

/** A script may run several. */
function commandsOf({ uses, run, with: inputs }: z.infer<typeof Step>): ("apply" | "apply-plan" | "up")[] {
  const asked = /\bpulumiscale\b/i.test(uses) ? inputs.command : undefined;
  const appliesPlan = asked === "apply-plan" || /\bpulumiscale apply-plan\b/.test(run);
  if (asked === "apply" || /\bpulumiscale apply\b(?!-)/.test(run))
    return appliesPlan ? ["apply", "apply-plan"] : ["apply"];
  if (appliesPlan) return ["apply-plan"];
  const isUp = (/^pulumi\/actions@/i.test(uses) && inputs.command === "up") || /\bpulumi up\b/.test(run);
  return isUp ? ["up"] : [];
}

function stackOf(step: z.infer<typeof Step> | undefined): string | null {
  const { "stack-name": stack = "", "work-dir": dir = "." } = step?.with ?? {};
  const isKnown = stack !== "" && !`${stack}${dir}`.includes("${{");
  return isKnown ? `${dir.replace(/^\.\//, "")} ${stack}` : null;
}

function isOnPush(on: unknown): boolean {
  if (typeof on === "string") return on === "push";
  if (Array.isArray(on)) return on.includes("push");
  return typeof on === "object" && on !== null && "push" in on;
}

function toPlain(text: string): unknown {
  const document = parseWithinStack(text, { uniqueKeys: false });
  try {
    return document?.toJS({ maxAliasCount: 50 });
  } catch {
    return undefined;
  }
}
