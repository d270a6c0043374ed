import type { MergeMethod } from "../domain/snapshot.ts";
import { formatTrailers } from "../domain/trailers.ts";
import type { MergeRequest } from "../forge/forge.ts";

/**
 * The merge with the scale commit's own words: GitHub's defaults could drop the trailers or append to them. An approver is
 * named there too, which a rebase could not: it keeps the commit as it is.
 */
export function mergeRequest(
  pull: { number: number; headOid: string; headMessage: string },
  wanted: MergeMethod | undefined,
  allowed: readonly MergeMethod[],
  approvedBy: string | null = null,
): MergeRequest {
  const [title = "", ...rest] = pull.headMessage.split("\n");
  const lines = [rest.join("\n").trim()];
  if (approvedBy !== null) lines.push(formatTrailers([{ key: "Approved-By", value: approvedBy }]));
  const method = wanted ?? allowed[0] ?? "merge";
  const worded = allowed.find((candidate) => candidate !== "rebase");
  return {
    number: pull.number,
    headOid: pull.headOid,
    method: approvedBy !== null && method === "rebase" ? (worded ?? method) : method,
    title,
    message: lines.join("\n"),
  };
}
