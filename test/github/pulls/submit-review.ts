import { GitHubError } from "../github-error.ts";
import { renderReview, renderSimplePull } from "../render/pull-request.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { mergeWhatIsReady } from "./auto-merge.ts";
import type { PullRequest, Review } from "./pull-request.ts";

export interface ReviewWish {
  readonly state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED";
  readonly body: string;
  readonly commitOid: string;
}

/** Reviews a pull request; nobody approves their own. Runs inside the lock. */
export async function submitReview(
  world: World,
  repository: Repository,
  pull: PullRequest,
  wish: ReviewWish,
  hand: Hand,
): Promise<Review> {
  if (wish.state !== "COMMENTED" && pull.author === hand.account) {
    const what = wish.state === "APPROVED" ? "approve" : "request changes on";
    throw new GitHubError(422, "Unprocessable Entity", {
      errors: [`Review Can not ${what} your own pull request`],
    });
  }
  const review: Review = {
    id: world.nextId(),
    author: hand.account,
    commitOid: wish.commitOid,
    submittedAt: world.now(),
    body: wish.body,
    state: wish.state,
  };
  pull.reviews.push(review);
  pull.updatedAt = world.now();
  announceReview(world, repository, pull, review, "submitted", hand);
  await mergeWhatIsReady(world, repository);
  return review;
}

/** Takes a review's verdict back. Runs inside the lock. */
export function dismissReview(
  world: World,
  repository: Repository,
  pull: PullRequest,
  review: Review,
  hand: Hand,
): void {
  review.state = "DISMISSED";
  announceReview(world, repository, pull, review, "dismissed", hand);
}

function announceReview(
  world: World,
  repository: Repository,
  pull: PullRequest,
  review: Review,
  action: string,
  hand: Hand,
): void {
  // In webhooks, unlike REST, a review's state is written small.
  const rendered = renderReview(world, repository, pull, review);
  announce(world, repository, hand, "pull_request_review", action, {
    review: { ...rendered, state: rendered.state.toLowerCase() },
    pull_request: renderSimplePull(world, repository, pull),
  });
}
