import { readRef } from "../git/git-repository.ts";
import { GitHubError } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { dropAutoMerge, mergeWhatIsReady } from "./auto-merge.ts";
import { closePull } from "./follow-refs.ts";
import { dequeuePull } from "./merge-queue.ts";
import type { PullRequest } from "./pull-request.ts";
import { mayApprove } from "./review-decision.ts";

export interface PullChange {
  readonly title?: string;
  readonly body?: string | null;
  readonly base?: string;
  readonly state?: "open" | "closed";
  readonly draft?: "draft" | "ready";
}

/** Edits, closes, reopens a pull request. Runs inside the lock. */
export async function changePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  change: PullChange,
  hand: Hand,
): Promise<void> {
  const changes: Record<string, unknown> = {};
  if (change.title !== undefined && change.title !== pull.title) {
    changes.title = { from: pull.title };
    pull.title = change.title;
  }
  if (change.body !== undefined && change.body !== pull.body) {
    changes.body = { from: pull.body ?? "" };
    pull.body = change.body;
  }
  if (change.base !== undefined && change.base !== pull.baseRef) {
    const oid = await readRef(repository.git, `refs/heads/${change.base}`);
    if (oid === null) throw invalid("base", `Proposed base branch '${change.base}' was not found`);
    changes.base = { ref: { from: pull.baseRef }, sha: { from: pull.baseOid } };
    await dequeuePull(world, repository, pull, "MANUAL", hand);
    pull.baseRef = change.base;
    pull.baseOid = oid;
    pull.baseChanged = { at: world.now(), by: hand.account };
    pull.unknownReads = world.unknownMergeabilityReads;
  }
  pull.updatedAt = world.now();
  if (changes.base !== undefined && !mayApprove(repository, hand.account))
    await dropAutoMerge(
      world,
      repository,
      pull,
      hand,
      "Base branch was changed by a user without write access",
    );
  if (Object.keys(changes).length > 0)
    await announcePull(world, repository, pull, hand, "edited", { changes });
  await changeDraft(world, repository, pull, change.draft, hand);
  await changeState(world, repository, pull, change.state, hand);
}

async function changeDraft(
  world: World,
  repository: Repository,
  pull: PullRequest,
  draft: PullChange["draft"],
  hand: Hand,
): Promise<void> {
  if (draft === undefined || (draft === "draft") === pull.draft) return;
  pull.draft = draft === "draft";
  await announcePull(world, repository, pull, hand, pull.draft ? "converted_to_draft" : "ready_for_review");
  // A draft keeps its place in a merge queue, but not its auto-merge.
  if (pull.draft) await dropAutoMerge(world, repository, pull, hand, "Converted to draft");
  await mergeWhatIsReady(world, repository);
}

async function changeState(
  world: World,
  repository: Repository,
  pull: PullRequest,
  state: PullChange["state"],
  hand: Hand,
): Promise<void> {
  if (state === undefined || state === pull.state) return;
  if (state === "closed") {
    await closePull(world, repository, pull, hand);
    return;
  }
  if (pull.merge !== null)
    throw invalid("state", "state cannot be changed. The pull request cannot be reopened.");
  const head = await readRef(pull.headRepository.git, `refs/heads/${pull.headRef}`);
  if (head === null) {
    throw invalid("state", `state cannot be changed. The ${pull.headRef} branch has been deleted.`);
  }
  if (head !== pull.headOid) {
    throw invalid(
      "state",
      `state cannot be changed. The ${pull.headRef} branch was force-pushed or recreated.`,
    );
  }
  pull.state = "open";
  pull.closedAt = null;
  pull.closedBy = null;
  pull.reopened = { at: world.now(), by: hand.account };
  pull.unknownReads = world.unknownMergeabilityReads;
  await announcePull(world, repository, pull, hand, "reopened");
}

function invalid(field: string, message: string): GitHubError {
  return new GitHubError(422, "Validation Failed", {
    errors: [{ resource: "PullRequest", field, code: "invalid", message }],
    type: "UNPROCESSABLE",
  });
}
