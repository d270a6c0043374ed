import type { Repository } from "../world.ts";
import type { CheckConclusion, CheckRun, CheckStatus, CheckSuite, CommitStatus } from "./commit-marks.ts";

/** What all that reported on a commit comes to, as `StatusCheckRollup` words it; null: nothing reported. */
export type Rollup = "SUCCESS" | "PENDING" | "FAILURE" | "ERROR" | "EXPECTED";

const good: ReadonlySet<CheckConclusion | null> = new Set(["success", "neutral", "skipped"]);

export function isGood(run: CheckRun): boolean {
  return run.status === "completed" && good.has(run.conclusion);
}

/** The newest status per context, newest first. */
export function latestStatuses(repository: Repository, sha: string): CommitStatus[] {
  const latest = new Map<string, CommitStatus>();
  for (const status of repository.statuses) {
    if (status.sha === sha) latest.set(status.context, status);
  }
  return [...latest.values()].reverse();
}

/** The newest check run per App and name, newest first. */
export function latestCheckRuns(repository: Repository, sha: string): CheckRun[] {
  const latest = new Map<string, CheckRun>();
  for (const run of repository.checkRuns) {
    if (run.headSha === sha) latest.set(`${run.suite.app.id} ${run.name}`, run);
  }
  return [...latest.values()].reverse();
}

export function summarizeCommit(repository: Repository, sha: string): Rollup | null {
  const statuses = latestStatuses(repository, sha);
  const runs = latestCheckRuns(repository, sha);
  if (statuses.length + runs.length === 0) return null;
  if (statuses.some((status) => status.state === "error")) return "ERROR";
  const failed = runs.some((run) => run.status === "completed" && !isGood(run));
  if (failed || statuses.some((status) => status.state === "failure")) return "FAILURE";
  const waiting = runs.some((run) => run.status !== "completed");
  return waiting || statuses.some((status) => status.state === "pending") ? "PENDING" : "SUCCESS";
}

/** A suite's status and conclusion follow from its runs. */
export function summarizeSuite(
  repository: Repository,
  suite: CheckSuite,
): { status: CheckStatus; conclusion: CheckConclusion | null } {
  const runs = repository.checkRuns.filter((run) => run.suite === suite);
  if (runs.length === 0) return { status: "queued", conclusion: null };
  if (runs.some((run) => run.status !== "completed")) return { status: "in_progress", conclusion: null };
  return { status: "completed", conclusion: runs.find((run) => !isGood(run))?.conclusion ?? "success" };
}

/** The combined state of plain statuses; `pending` where there is none. */
export function summarizeStatuses(statuses: readonly CommitStatus[]): "failure" | "pending" | "success" {
  if (statuses.some((status) => status.state === "error" || status.state === "failure")) return "failure";
  return statuses.length === 0 || statuses.some((status) => status.state === "pending")
    ? "pending"
    : "success";
}
