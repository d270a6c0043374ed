import type { Repository } from "../world.ts";
import type { RequiredCheck } from "./protection.ts";
import { isGood, latestCheckRuns, latestStatuses } from "./summarize-checks.ts";

export type CheckStanding = "passed" | "expected" | "in progress" | "failing";

/** Where a commit stands with a required check. */
export function readCheckStanding(repository: Repository, sha: string, check: RequiredCheck): CheckStanding {
  const runs = latestCheckRuns(repository, sha).filter(
    (run) => run.name === check.context && (check.appId === null || run.suite.app.id === check.appId),
  );
  const statuses =
    check.appId === null
      ? latestStatuses(repository, sha).filter((status) => status.context === check.context)
      : [];
  if (runs.length + statuses.length === 0) return "expected";
  if (runs.some((run) => run.status !== "completed") || statuses.some(({ state }) => state === "pending"))
    return "in progress";
  return runs.every(isGood) && statuses.every(({ state }) => state === "success") ? "passed" : "failing";
}

/** What stands between a commit and its required checks, in GitHub's words; null: nothing. */
export function describeUnmetChecks(
  repository: Repository,
  sha: string,
  checks: readonly RequiredCheck[],
): string | null {
  return wordChecks(
    checks.map((check) => ({
      context: check.context,
      standing: readCheckStanding(repository, sha, check),
    })),
  );
}

/** One check is named; several are counted. */
export function wordChecks(
  checks: readonly { readonly context: string; readonly standing: CheckStanding }[],
): string | null {
  const unmet = checks.filter(({ standing }) => standing !== "passed");
  const [first] = unmet;
  if (first === undefined) return null;
  if (unmet.length === 1) return `Required status check "${first.context}" is ${first.standing}.`;
  const counted = `${unmet.length} of ${checks.length} required status checks`;
  const standings = [...new Set(unmet.map(({ standing }) => standing))];
  if (standings.length === 1) return `${counted} are ${first.standing}.`;
  const counts = standings.map(
    (standing) => `${unmet.filter((check) => check.standing === standing).length} ${standing}`,
  );
  return `${counted} have not succeeded: ${counts.slice(0, -1).join(", ")} and ${counts.at(-1)}.`;
}
