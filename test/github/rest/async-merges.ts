import { handOf } from "../auth/caller.ts";
import { notFound } from "../github-error.ts";
import { type AsyncMerge, mergeLater } from "../pulls/merge-later.ts";
import type { RestAnswer, RestHandlers } from "./operation.ts";
import { requirePull } from "./pulls.ts";

export const asyncMergeOperations = {
  "pulls/merge-async": ({ world, repository, path, body, caller }): RestAnswer => {
    const pull = requirePull(repository, path.pull_number);
    if (pull.merge !== null)
      return answer(200, "merged", "Pull Request is already merged", { sha: pull.merge.commitOid });
    if (pull.state === "closed") return answer(400, "failed", "Pull Request is closed");
    if (pull.draft) return answer(400, "failed", "Pull Request is still a draft");
    const waiting = repository.asyncMerges.find((one) => one.pull === pull && one.outcome.kind === "pending");
    if (waiting !== undefined) return { status: 409, body: render(waiting) };
    const wish = {
      method: body.merge_method ?? "merge",
      title: body.commit_title ?? null,
      message: body.commit_message ?? null,
      expectedHead: body.sha ?? null,
    };
    return { status: 202, body: render(mergeLater(world, repository, pull, wish, handOf(world, caller))) };
  },

  "pulls/get-merge-async-result": ({ repository, path }) => {
    const merge = repository.asyncMerges.find(
      ({ uuid, pull }) => uuid === path.uuid && pull.number === path.pull_number,
    );
    if (merge === undefined) throw notFound();
    return { status: 200, body: render(merge) };
  },
} satisfies RestHandlers;

function render(merge: AsyncMerge) {
  const { outcome } = merge;
  switch (outcome.kind) {
    case "merged":
      return { status: "merged", details: { message: "Pull Request successfully merged", sha: outcome.sha } };
    case "failed":
      return { status: "failed", details: { message: outcome.message } };
    case "pending":
      return {
        status: "pending",
        details: {
          message: "Merge request is pending",
          uuid: merge.uuid,
          merge_method: merge.method,
          merge_action: "direct_merge",
          expected_head_sha: merge.expectedHead,
        },
      };
  }
}

function answer(status: number, outcome: string, message: string, more: object = {}): RestAnswer {
  return { status, body: { status: outcome, details: { message, ...more } } };
}
