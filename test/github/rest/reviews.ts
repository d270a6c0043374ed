import { handOf } from "../auth/caller.ts";
import { notFound, unprocessable } from "../github-error.ts";
import type { PullRequest, Review } from "../pulls/pull-request.ts";
import { dismissReview, submitReview } from "../pulls/submit-review.ts";
import { renderReview } from "../render/pull-request.ts";
import { list, type RestHandlers } from "./operation.ts";
import { requirePull } from "./pulls.ts";

const states = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const;

export const reviewOperations = {
  "pulls/list-reviews": ({ world, repository, path }) => {
    const pull = requirePull(repository, path.pull_number);
    return list(pull.reviews, (review) => renderReview(world, repository, pull, review));
  },

  "pulls/get-review": ({ world, repository, path }) => {
    const pull = requirePull(repository, path.pull_number);
    return { status: 200, body: renderReview(world, repository, pull, requireReview(pull, path.review_id)) };
  },

  "pulls/create-review": async ({ world, repository, path, body, caller }) => {
    const pull = requirePull(repository, path.pull_number);
    if (body.event === undefined)
      throw unprocessable("GitHub stand-in: pending reviews are not implemented; give an event.");
    if (body.event !== "APPROVE" && (body.body ?? "") === "") {
      throw unprocessable("Unprocessable Entity");
    }
    const wish = {
      state: states[body.event],
      body: body.body ?? "",
      commitOid: body.commit_id ?? pull.headOid,
    };
    const review = await submitReview(world, repository, pull, wish, handOf(world, caller));
    return { status: 200, body: renderReview(world, repository, pull, review) };
  },

  "pulls/dismiss-review": ({ world, repository, path, caller }) => {
    const pull = requirePull(repository, path.pull_number);
    const review = requireReview(pull, path.review_id);
    if (review.state === "COMMENTED") throw unprocessable("Can not dismiss a commented pull request review");
    dismissReview(world, repository, pull, review, handOf(world, caller));
    return { status: 200, body: renderReview(world, repository, pull, review) };
  },
} satisfies RestHandlers;

function requireReview(pull: PullRequest, id: number): Review {
  const review = pull.reviews.find((one) => one.id === id);
  if (review === undefined) throw notFound();
  return review;
}
