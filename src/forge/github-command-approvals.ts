import { z } from "zod";
import { parseReply } from "../domain/reply.ts";
import { readReplyMark } from "../domain/reply-mark.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { MOST_OF_THREAD, type Thread } from "./comment-forge.ts";
import { askGraphql } from "./github-ask.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { SeenReview } from "./github-reviews.ts";

const PAGE = "nodes { databaseId body createdAt viewerDidAuthor } pageInfo { hasPreviousPage startCursor }";

/** The newest comments among which approvals by command are found: an approval is our own answer to one. */
export const COMMENTS_FIELD = `comments(last: 100) { ${PAGE} }`;

const EARLIER_QUERY = `query EarlierComments($owner: String!, $repo: String!, $number: Int!, $before: String!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) { comments(last: 100, before: $before) { ${PAGE} } }
  }
}`;

export const CommentsAnswer = z.object({
  nodes: z.array(
    z.object({
      databaseId: z.int().nullable(),
      body: z.string(),
      createdAt: z.string(),
      viewerDidAuthor: z.boolean(),
    }),
  ),
  pageInfo: z.object({ hasPreviousPage: z.boolean(), startCursor: z.string().nullable() }),
});

const EarlierAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ comments: CommentsAnswer }).nullable() }),
});
type Comments = z.infer<typeof CommentsAnswer>["nodes"];

/** All comments of a pull request: one request more for each hundred that is older than those read. */
export async function readAllComments(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  number: number,
  newest: z.infer<typeof CommentsAnswer>,
): Promise<Comments> {
  const nodes = [...newest.nodes];
  let page = newest.pageInfo;
  while (page.hasPreviousPage && nodes.length < MOST_OF_THREAD) {
    const variables = { owner, repo, number, before: page.startCursor };
    const { repository } = EarlierAnswer.parse(await askGraphql(client, EARLIER_QUERY, variables));
    if (repository.pullRequest === null) break;
    nodes.unshift(...repository.pullRequest.comments.nodes);
    page = repository.pullRequest.comments.pageInfo;
  }
  return nodes;
}

/** What people have approved by `/scale approve`: a review of the head that it was said of, where we ourselves have noted it. */
export function approvalsByCommand(
  comments: Comments,
  markKey: Buffer,
  thread: Pick<Thread, "repositoryNumber" | "issue">,
): SeenReview[] {
  return comments.flatMap(({ viewerDidAuthor, body, createdAt }) => {
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
