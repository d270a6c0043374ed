import { z } from "zod";
import type { GitHubClient } from "./github-octokit.ts";
import { GUARD_CHECK, type GuardCheck, type GuardReport, type PullHead } from "./guard-forge.ts";

/** Of a commit, our own check run: one of that name from anybody else is not ours, whatever it says. */
export const CHECK_FIELD = `checkSuites(first: 5, filterBy: { appId: $app, checkName: "${GUARD_CHECK}" }) {
  nodes { checkRuns(first: 1, filterBy: { checkType: LATEST, checkName: "${GUARD_CHECK}" }) { nodes { databaseId status conclusion externalId } } }
}`;

const Runs = z.object({
  nodes: z.array(
    z.object({
      databaseId: z.int().nullable(),
      status: z.string(),
      conclusion: z.string().nullable(),
      externalId: z.string().nullable(),
    }),
  ),
});

/** The newest of our check runs on a commit; null where there is none. */
export const CheckAnswer = z
  .object({ nodes: z.array(z.object({ checkRuns: Runs.nullable() })) })
  .nullable()
  .transform((suites): GuardCheck | null => {
    const runs = suites?.nodes.flatMap(({ checkRuns }) => checkRuns?.nodes ?? []) ?? [];
    const [newest] = runs.toSorted((a, b) => (b.databaseId ?? 0) - (a.databaseId ?? 0));
    if (newest?.databaseId == null) return null;
    const { databaseId, status, conclusion, externalId } = newest;
    return {
      id: databaseId,
      state: stateOf(status, conclusion),
      isCompleted: status === "COMPLETED",
      mark: externalId ?? "",
    };
  });

function stateOf(status: string, conclusion: string | null): GuardCheck["state"] {
  if (status === "IN_PROGRESS") return "waiting";
  if (status !== "COMPLETED") return "other";
  if (conclusion === "SUCCESS") return "success";
  // After 14 days GitHub itself turns a run that waits into a `STALE` one.
  return conclusion === "FAILURE" ? "failure" : "other";
}

/** Writes the check run: one request. GitHub takes no completed run back to running, so that one is made anew. */
export async function reportCheck(
  client: GitHubClient,
  { owner, repo, headOid }: PullHead,
  { state, title, summary, mark }: GuardReport,
  current: GuardCheck | null,
): Promise<void> {
  const output = { title, summary: summary.slice(0, 65_000) };
  const outcome =
    state === "waiting"
      ? ({ status: "in_progress" } as const)
      : ({ status: "completed", conclusion: state } as const);
  const canChange =
    current !== null && (!current.isCompleted || (state !== "waiting" && current.state !== "other"));
  if (!canChange) {
    await client.request("POST /repos/{owner}/{repo}/check-runs", {
      owner,
      repo,
      name: GUARD_CHECK,
      head_sha: headOid,
      external_id: mark,
      output,
      ...outcome,
    });
    return;
  }
  await client.request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
    owner,
    repo,
    check_run_id: current.id,
    external_id: mark,
    output,
    ...outcome,
  });
}
