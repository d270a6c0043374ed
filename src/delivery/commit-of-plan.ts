import type { Snapshot } from "../domain/snapshot.ts";
import type { FileCommitRequest, StackPlace } from "../forge/forge.ts";
import type { ScalePlan } from "./scale-plan.ts";

/** The commit that puts a plan on the head that it was made for. `words` says how urgent it is, and what its message is. */
export function commitOfPlan(
  { path }: StackPlace,
  { repositoryId, headOid }: Snapshot,
  { text, edits }: ScalePlan,
  words: Pick<FileCommitRequest, "urgency" | "headline" | "body">,
): FileCommitRequest {
  return { ...words, repositoryId, expectedHeadOid: headOid, path, text, edits };
}
