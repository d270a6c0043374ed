import { isFailure, type Receipt } from "../domain/receipt.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { ApplyForge, CommitReport, DeployPlace, StackFileCommit } from "./apply-forge.ts";
import { renderReceipt, renderTitle } from "./render-receipt.ts";

/** GitHub allows 80 writes a minute; older commits of a long backlog have the receipt in the ledger. */
const MOST_REPORTS = 20;

/**
 * What is shown beside each scale commit that an apply covered: a check run, since it takes markdown and a link, and an
 * App's required checks stay its own. It fails where a pool of that very commit failed.
 */
export function commitReports(
  receipt: Receipt,
  commits: readonly StackFileCommit[],
  alias: string,
): CommitReport[] {
  return receipt.covers.slice(0, MOST_REPORTS).map((commit) => {
    const message = commits.find(({ oid }) => oid === commit)?.message ?? "";
    const named = new Set((parseScaleCommit(message)?.scales ?? []).map(({ pool }) => pool));
    const own = receipt.pools.filter(({ pool }) => named.has(pool));
    const failed = (own.length > 0 ? own : receipt.pools).some(({ outcome }) => isFailure(outcome));
    return {
      commit,
      name: `pulumiscale/apply (${alias})`,
      conclusion: failed ? "failure" : "success",
      title: renderTitle(receipt),
      summary: shorten(renderReceipt(receipt)),
      detailsUrl: receipt.runUrl,
    };
  });
}

/** GitHub refuses a check run with a longer summary. The whole one is on the run's page. */
const LONGEST_SUMMARY = 65_000;

function shorten(markdown: string): string {
  return markdown.length <= LONGEST_SUMMARY ? markdown : `${markdown.slice(0, LONGEST_SUMMARY)}…`;
}

/**
 * Reports on every covered commit. What was applied is applied, so a report that GitHub refuses fails nothing: answers
 * why the first one was refused, or null.
 */
export async function reportReceipt(
  forge: ApplyForge,
  place: DeployPlace,
  reports: readonly CommitReport[],
): Promise<string | null> {
  const settled = await Promise.allSettled(reports.map((report) => forge.report(place, report)));
  const refused = settled.find((result) => result.status === "rejected");
  if (refused === undefined) return null;
  return refused.reason instanceof Error ? refused.reason.message : String(refused.reason);
}
