import type { Snapshot } from "../../src/domain/snapshot.ts";
import type { FileCommitRequest, PullRequestDraft } from "../../src/forge/forge.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";

/** A commit of the stack file on the head that was read: `web` goes to 4, unless another text is given. */
export function commitWish(
  { headOid, repositoryId }: Pick<Snapshot, "headOid" | "repositoryId">,
  over: Partial<FileCommitRequest> = {},
): FileCommitRequest {
  return {
    urgency: "scale-out",
    repositoryId,
    expectedHeadOid: headOid,
    path: PLACE.path,
    text: STACK_FILE.replace('"3"', '"4"'),
    edits: [],
    headline: "one",
    body: "",
    ...over,
  };
}

/** A new pull request from the branch for changes in range. */
export function pullWish(over: Partial<PullRequestDraft> = {}): PullRequestDraft {
  return {
    current: null,
    branch: "scale/shop.prod",
    title: "one",
    body: "",
    repositoryNumber: "1",
    labels: [],
    ...over,
  };
}
