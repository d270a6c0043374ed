import { z } from "zod";
import type { Review } from "../domain/approval.ts";

/**
 * The reviews that say yes or no: comments would push them out of the newest hundred. A server that does not know
 * `authorCanPushToRepository` fails the query; there REST's `GET /repos/{owner}/{repo}/collaborators/{username}/permission` of each
 * approving author has to take its place.
 */
export const REVIEWS_FIELD = `reviews(last: 100, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) {
  nodes { state submittedAt authorCanPushToRepository author { __typename login } commit { oid } }
}`;

const STATES = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  COMMENTED: "comment",
  DISMISSED: "dismissed",
  PENDING: "comment",
} as const;

export const ReviewsAnswer = z.object({
  nodes: z.array(
    z
      .object({
        state: z.enum(["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]),
        submittedAt: z.string().nullable(),
        authorCanPushToRepository: z.boolean(),
        author: z.object({ __typename: z.string(), login: z.string() }).nullable(),
        commit: z.object({ oid: z.string() }).nullable(),
      })
      .transform(
        ({ state, submittedAt, authorCanPushToRepository, author, commit }): Review => ({
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
