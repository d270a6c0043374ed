import { ArgumentMistake } from "./argument-mistake.ts";
import { BRANCH_RULE, isPlanBranch } from "./branch-name.ts";
import { gatherWorkloads } from "./gather-workloads.ts";
import { isLabelName } from "./kubernetes-name.ts";
import { type Flags, parseFlags } from "./read-flags.ts";
import type { Autoscaling, ScaleInput } from "./scale-input.ts";

/** What the command line asks for. `branch` is null where none is named. */
export type PlanRequest =
  | { kind: "help" }
  | {
      kind: "plan";
      mode: "dry-run" | "apply";
      branch: string | null;
      input: ScaleInput;
      cluster: ClusterRequest;
      /** The file of the price table; null where none is named. */
      prices: string | null;
    };

/**
 * Whether clusters are asked, and what becomes of the risks that they tell of. `kubeconfig` is null where no file is named: it is then
 * found as kubectl finds it.
 */
export type ClusterRequest = {
  use: "offline" | "if-there-is-one" | "required";
  onRisk: "tell" | "fail";
  kubeconfig: string | null;
};

/** Reads the arguments of `infra.scale`. Throws `ArgumentMistake`, which names the first that is wrong and what is expected. */
export function parsePlanArguments(args: readonly string[]): PlanRequest {
  const flags = parseFlags(args);
  if (flags.switches.has("--help")) return { kind: "help" };
  const isApply = flags.switches.has("--apply");
  if (isApply && flags.switches.has("--dry-run"))
    throw new ArgumentMistake("--dry-run", "expected either --dry-run or --apply, and not both.");
  const { workloads, contexts } = gatherWorkloads(flags);
  return {
    kind: "plan",
    cluster: parseCluster(flags),
    prices: parseOne(flags, "--prices", null, (file) => file !== "", "a file's name"),
    mode: isApply ? "apply" : "dry-run",
    branch: parseOne(flags, "--branch", null, isPlanBranch, BRANCH_RULE),
    input: {
      target: parseOne(flags, "--target", "prod", isTarget, TARGET_RULE),
      namespace: parseOne(flags, "--namespace", "default", isLabelName, NAMESPACE_RULE),
      autoscaling: parseAutoscaling(flags),
      workloads,
      contexts,
    },
  };
}

function parseCluster(flags: Flags): ClusterRequest {
  const { switches, values } = flags;
  const isOffline = switches.has("--offline");
  const isStrict = switches.has("--strict");
  const kubeconfig = parseOne(flags, "--kubeconfig", null, (file) => file !== "", "a file's name");
  if (isOffline && isStrict) {
    throw new ArgumentMistake(
      "--strict",
      "expected either --strict or --offline: without a cluster there is nothing to check.",
    );
  }
  const isNamed = isStrict || kubeconfig !== null || values.has("--context");
  return {
    use: isOffline ? "offline" : isNamed ? "required" : "if-there-is-one",
    onRisk: isStrict ? "fail" : "tell",
    kubeconfig,
  };
}

function parseOne<Default>(
  { values }: Flags,
  name: string,
  unlessGiven: Default,
  isGood: (text: string) => boolean,
  rule: string,
): string | Default {
  const argument = values.get(name)?.[0];
  if (argument === undefined) return unlessGiven;
  if (!isGood(argument.value)) throw new ArgumentMistake(argument.given, `expected ${rule}.`);
  return argument.value;
}

function parseAutoscaling({ values }: Flags): Autoscaling {
  const argument = values.get("--autoscaling")?.[0];
  if (argument === undefined || argument.value === "hpa") return "hpa";
  if (argument.value === "none") return "none";
  throw new ArgumentMistake(argument.given, "expected hpa or none.");
}

/** It becomes a folder in the repository, and a word in titles. */
function isTarget(text: string): boolean {
  const isPlain = text.length <= 63 && /^[A-Za-z0-9._-]+$/.test(text) && !text.includes("..");
  return isPlain && /^[A-Za-z0-9]/.test(text) && /[A-Za-z0-9]$/.test(text);
}

const TARGET_RULE =
  "an environment's name, as prod: at most 63 letters, digits, `.`, `_` and `-`, a letter or digit at both ends";
const NAMESPACE_RULE =
  "a Kubernetes namespace: at most 63 lower case letters, digits and `-`, a letter or digit at both ends";
