import { handOf } from "../auth/caller.ts";
import { notFound } from "../github-error.ts";
import { type AsyncMerge, mergeLater } from "../pulls/merge-later.ts";
import type { RestAnswer, RestHandlers } from "./operation.ts";
import { requirePull } from "./pulls.ts";

export const asyncMergeOperations = {
  "pulls/merge-async": ({ world, repository, path, body, caller }): RestAnswer => {
    const pull = requirePull(repository, path.pull_number);
    if (pull.merge !== null)
      return answer(200, "merged", "Pull request is already merged.", { sha: pull.merge.commitOid });
    if (pull.state === "closed") return answer(400, "failed", "Pull request is closed.");
    if (pull.draft) return answer(400, "failed", "Pull request is a draft.");
    if (pull.queueEntry !== null)
      return answer(200, "enqueued", "Pull request is already in the merge queue.");
    const waiting = repository.asyncMerges.find((one) => one.pull === pull && one.outcome.kind === "pending");
    if (waiting !== undefined)
      return { status: 409, body: render(waiting, "A merge request already exists for this pull request.") };
    const wish = {
      method: body.merge_method ?? "merge",
      title: body.commit_title ?? null,
      message: body.commit_message ?? null,
      expectedHead: body.sha ?? null,
      action: body.merge_action ?? "default",
    };
    const merge = mergeLater(world, repository, pull, wish, handOf(world, caller));
    return { status: 202, body: render(merge, "Merge request enqueued.") };
  },

  "pulls/get-merge-async-result": ({ repository, path }) => {
    const merge = repository.asyncMerges.find(
      ({ uuid, pull }) => uuid === path.uuid && pull.number === path.pull_number,
    );
    if (merge === undefined) throw notFound();
    return { status: 200, body: render(merge, "Merge request is in progress.") };
  },
} satisfies RestHandlers;

function render(merge: AsyncMerge, pending: string) {
  const outcome = readOutcome(merge);
  switch (outcome.kind) {
    case "merged":
      return { status: "merged", details: { message: "Pull request was merged.", sha: outcome.sha } };
    case "enqueued":
      return { status: "enqueued", details: { message: "Pull request is in the merge queue." } };
    case "failed":
      return { status: "failed", details: { message: outcome.message } };
    case "pending":
      return {
        status: "pending",
        details: {
          message: pending,
          uuid: merge.uuid,
          merge_method: merge.method,
          merge_action: merge.action,
          expected_head_sha: merge.expectedHead,
        },
      };
  }
}

/** What has become of one that went into the queue. */
function readOutcome({ outcome, pull }: AsyncMerge): AsyncMerge["outcome"] {
  if (outcome.kind !== "enqueued" || pull.queueEntry !== null) return outcome;
  return pull.merge === null
    ? { kind: "failed", message: "Pull request was removed from the merge queue." }
    : { kind: "merged", sha: pull.merge.commitOid };
}

function answer(status: number, outcome: string, message: string, more: object = {}): RestAnswer {
  return { status, body: { status: outcome, details: { message, ...more } } };
}
