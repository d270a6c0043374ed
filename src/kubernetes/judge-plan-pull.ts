import type { StackFile } from "../domain/snapshot.ts";
import { judgePlan } from "./apply/judge-plan.ts";
import { PLANS_FOLDER, planPath } from "./apply/plan-place.ts";
import { judgeCost } from "./judge-cost.ts";
import { PRICES_PATH } from "./prices-path.ts";
import { renderPlanPull } from "./render-plan-pull.ts";
import { renderSummary } from "./render-summary.ts";

/** Where the two files of a plan stand, and the prices that it is counted by, from the repository's root. */
export type PlanPaths = { target: string; plan: string; summary: string; prices: string };

export type FoundPlanPaths =
  /** No plan is touched. */
  | { kind: "none" }
  /** A plan is touched, and more or less than one plan is. No capital, no full stop. */
  | { kind: "unfit"; message: string }
  | { kind: "paths"; paths: PlanPaths };

const HOME = `${PLANS_FOLDER}/`;
/** Within the folder of plans. */
const PLAN_FILE = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)\/(plan\.yaml|SUMMARY\.md)$/;

/** Which plan a change is of, by every path that it touches; null: too many to be listed. */
export function findPlanPaths(touched: ReadonlySet<string> | null): FoundPlanPaths {
  const paths = [...(touched ?? [])];
  if (!paths.some((path) => path.startsWith(HOME))) return { kind: "none" };
  const targets = new Set<string>();
  for (const path of paths) {
    const target = path.startsWith(HOME) ? PLAN_FILE.exec(path.slice(HOME.length))?.[1] : undefined;
    if (target === undefined || target.includes(".."))
      return { kind: "unfit", message: "it changes more than the two files of a plan" };
    targets.add(target);
  }
  const [target = "", ...others] = targets;
  if (others.length > 0) return { kind: "unfit", message: "it changes the plans of several targets" };
  const plan = planPath(target);
  // The summary may stay as it is: it does not say when the plan was made.
  if (!paths.includes(plan)) return { kind: "unfit", message: `it leaves ${plan} as it is` };
  const summary = `${HOME}${target}/SUMMARY.md`;
  return { kind: "paths", paths: { target, plan, summary, prices: PRICES_PATH } };
}

export type JudgedPlan =
  | { kind: "unfit"; message: string }
  /** The words of the commit that brings it to the base branch. */
  | { kind: "plan"; target: string; title: string; message: string };

/**
 * Judges the two files of a plan by themselves, whoever has written them: a plan that the Action applies, of that folder's target, its cost by the base
 * branch's `prices`, and the summary that is rendered from it, byte for byte. Pure.
 */
export function judgePlanFiles(
  paths: PlanPaths,
  { plan, summary, prices }: { plan: StackFile; summary: StackFile; prices: StackFile },
): JudgedPlan {
  const unfit = (message: string): JudgedPlan => ({ kind: "unfit", message });
  if (plan.kind !== "text") return unfit(`${paths.plan} ${whyUnread(plan)}`);
  const judged = judgePlan(plan.text, paths.target);
  if (judged.kind === "bad") return unfit(`${paths.plan} ${judged.why}`);
  if (summary.kind !== "text") return unfit(`${paths.summary} ${whyUnread(summary)}`);
  const why = judgeCost(judged.plan, prices);
  if (why !== null) return unfit(`${paths.plan} ${why}`);
  const rendered = renderSummary(judged.plan);
  if (summary.text !== rendered) return unfit(`${paths.summary} is not what infra.scale writes of this plan`);
  const { title, commitBody } = renderPlanPull(judged.plan, rendered);
  return { kind: "plan", target: paths.target, title, message: commitBody };
}

function whyUnread(file: Exclude<StackFile, { kind: "text" }>): string {
  return file.kind === "missing" ? "is not there" : `cannot be read (${file.message})`;
}
