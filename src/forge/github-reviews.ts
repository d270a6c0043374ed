import { z } from "zod";
import type { Review } from "../domain/approval.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { optional } from "./github-server.ts";

/** The reviews that say yes or no: comments would push them out of the newest hundred. And when it was opened again, or got another base. */
export const REVIEWS_FIELD = `renewed: timelineItems(last: 1, itemTypes: [REOPENED_EVENT, BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]) {
  nodes { ... on ReopenedEvent { createdAt } ... on BaseRefChangedEvent { createdAt } ... on AutomaticBaseChangeSucceededEvent { createdAt } }
}
reviews(last: 100, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) {
  nodes { state submittedAt author { __typename login } commit { oid } ${optional("PullRequestReview.authorCanPushToRepository", "authorCanPushToRepository")} }
}`;

const STATES = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  COMMENTED: "comment",
  DISMISSED: "dismissed",
  PENDING: "comment",
} as const;

/** `canPush` undefined: the server does not tell. */
export type SeenReview = Omit<Review, "canPush"> & { canPush: boolean | undefined };

export const ReviewsAnswer = z.object({
  nodes: z.array(
    z
      .object({
        state: z.enum(["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]),
        submittedAt: z.string().nullable(),
        authorCanPushToRepository: z.boolean().optional(),
        author: z.object({ __typename: z.string(), login: z.string() }).nullable(),
        commit: z.object({ oid: z.string() }).nullable(),
      })
      .transform(
        ({ state, submittedAt, authorCanPushToRepository, author, commit }): SeenReview => ({
          author: author?.login ?? "",
          isPerson: author?.__typename === "User",
          canPush: authorCanPushToRepository,
          state: STATES[state],
          commitOid: commit?.oid ?? "",
          submittedAtMs: submittedAt === null ? 0 : Date.parse(submittedAt),
        }),
      ),
  ),
});

export const RenewedAnswer = z.object({ nodes: z.array(z.object({ createdAt: z.string() })) });

type ReviewedPull = { reviews: z.infer<typeof ReviewsAnswer>; renewed: z.infer<typeof RenewedAnswer> };

/**
 * The reviews, and what was approved by command, with who may push: one request more for each person where the server does not tell.
 * An approval from before the pull request was closed and opened again is none: somebody has said "no" since. Nor is one from before its base
 * was changed: it was of another diff.
 */
export async function readReviews(
  client: GitHubClient,
  repository: RepositoryName,
  { reviews, renewed }: ReviewedPull,
  byCommand: readonly SeenReview[],
): Promise<Review[]> {
  const renewedAtMs = Date.parse(renewed.nodes[0]?.createdAt ?? "");
  // GitHub's times have seconds, and whoever waits for an approval could be that fast.
  const nodes = [...reviews.nodes, ...byCommand].filter(
    ({ state, submittedAtMs }) => state !== "approved" || !(submittedAtMs <= renewedAtMs),
  );
  const untold = nodes.filter(({ canPush, isPerson, author }) => canPush === undefined && isPerson && author);
  const logins = [...new Set(untold.map(({ author }) => author))];
  const permissions = await Promise.all(logins.map((login) => mayPush(client, repository, login)));
  const pushers = new Set(logins.filter((_, index) => permissions[index]));
  return nodes.map((review) => ({ ...review, canPush: review.canPush ?? pushers.has(review.author) }));
}

async function mayPush(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  username: string,
): Promise<boolean> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/collaborators/{username}/permission", {
      owner,
      repo,
      username,
    });
    // `maintain` and roles of one's own are told as what they are built on.
    return data.permission === "admin" || data.permission === "write";
  } catch (error) {
    if (toForgeError(error, "reading a permission").code === "not-found") return false;
    throw error;
  }
}
