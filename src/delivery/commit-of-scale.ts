import type { Snapshot } from "../domain/snapshot.ts";
import type { FileCommitRequest, StackPlace } from "../forge/forge.ts";
import type { PreparedScale } from "./prepare-scale.ts";

/** The commit that puts a scale on the head that it was made for. `words` says how urgent it is, and what its message is. */
export function commitOfScale(
  { path }: StackPlace,
  { repositoryId, headOid }: Snapshot,
  { text, edits }: PreparedScale,
  words: Pick<FileCommitRequest, "urgency" | "headline" | "body">,
): FileCommitRequest {
  return { ...words, repositoryId, expectedHeadOid: headOid, path, text, edits };
}
