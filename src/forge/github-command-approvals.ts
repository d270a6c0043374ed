import { z } from "zod";
import { parseReply } from "../domain/reply.ts";
import { readReplyMark } from "../domain/reply-mark.ts";
import type { Thread } from "./comment-forge.ts";
import type { SeenReview } from "./github-reviews.ts";

/** The comments among which approvals by command are found: an approval is our own answer to one. */
export const COMMENTS_FIELD = "comments(last: 100) { nodes { databaseId body createdAt viewerDidAuthor } }";

export const CommentsAnswer = z.object({
  nodes: z.array(
    z.object({
      databaseId: z.int().nullable(),
      body: z.string(),
      createdAt: z.string(),
      viewerDidAuthor: z.boolean(),
    }),
  ),
});

/** What people have approved by `/scale approve`: a review of the head that it was said of, where we ourselves have noted it. */
export function approvalsByCommand(
  { nodes }: z.infer<typeof CommentsAnswer>,
  markKey: Buffer,
  thread: Pick<Thread, "repositoryNumber" | "issue">,
): SeenReview[] {
  return nodes.flatMap(({ viewerDidAuthor, body, createdAt }) => {
    const mark = viewerDidAuthor ? readReplyMark(markKey, thread, body) : null;
    const lines = mark === null ? [] : (parseReply(mark.state)?.lines ?? []);
    return lines.flatMap((line): SeenReview[] =>
      line.kind === "approval"
        ? [
            {
              author: line.login,
              isPerson: true,
              canPush: undefined,
              state: "approved",
              commitOid: line.headOid,
              // Not when we came to answer it, nor when the answer was posted that holds it now: people may have spoken since.
              submittedAtMs: line.atMs ?? Date.parse(createdAt),
            },
          ]
        : [],
    );
  });
}
