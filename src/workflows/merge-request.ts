import type { MergeMethod } from "../domain/snapshot.ts";
import type { MergeRequest } from "../forge/forge.ts";

/** The merge with the scale commit's own words: GitHub's defaults could drop the trailers or append to them. */
export function mergeRequest(
  pull: { number: number; headOid: string; headMessage: string },
  wanted: MergeMethod | undefined,
  allowed: readonly MergeMethod[],
): MergeRequest {
  const [title = "", ...rest] = pull.headMessage.split("\n");
  const message = rest.join("\n").trim();
  return {
    number: pull.number,
    headOid: pull.headOid,
    method: wanted ?? allowed[0] ?? "merge",
    title,
    message,
  };
}
