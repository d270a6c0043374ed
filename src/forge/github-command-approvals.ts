import { z } from "zod";
import { parseReply } from "../domain/reply.ts";
import { readReplyMark } from "../domain/reply-mark.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { MOST_OF_THREAD, type Thread } from "./comment-forge.ts";
import { askGraphql } from "./github-ask.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { ReviewsAnswer, SeenReview } from "./github-reviews.ts";

const PAGE = "nodes { databaseId body createdAt viewerDidAuthor } pageInfo { hasPreviousPage startCursor }";

/** The newest comments among which approvals by command are found: an approval is our own answer to one. And when the head was made. */
export const COMMENTS_FIELD = `made: commits(last: 1) { nodes { commit { oid committedDate } } }
comments(last: 100) { ${PAGE} }`;

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

export const MadeAnswer = z.object({
  nodes: z.array(z.object({ commit: z.object({ oid: z.string(), committedDate: z.string() }) })),
});

const EarlierAnswer = z.object({
  repository: z.object({ pullRequest: z.object({ comments: CommentsAnswer }).nullable() }),
});
type CommentsPage = z.infer<typeof CommentsAnswer>;
type Comments = CommentsPage["nodes"];

type CommentedPull = {
  number: number;
  headRefOid: string;
  made: z.infer<typeof MadeAnswer>;
  reviews: z.infer<typeof ReviewsAnswer>;
  comments: CommentsPage;
};

/**
 * What people have approved by command, and the comments that were read for it: the newest hundred, and one request more for each hundred
 * before, while an approval of the head may stand there. Where somebody has asked for changes, all: an approval of any head takes that back.
 */
export async function readCommandApprovals(
  client: GitHubClient,
  repository: RepositoryName & { databaseId: number },
  { number, headRefOid, made, reviews, comments: newest }: CommentedPull,
  markKey: Buffer,
): Promise<{ comments: Comments; byCommand: SeenReview[] }> {
  const thread = { repositoryNumber: String(repository.databaseId), issue: number };
  const head = made.nodes.find(({ commit }) => commit.oid === headRefOid)?.commit;
  const madeAtMs = Date.parse(head?.committedDate ?? "");
  const isRefused = reviews.nodes.some(({ state }) => state === "changes-requested");
  const comments: Comments = [];
  const byCommand: SeenReview[] = [];
  let page: CommentsPage | null = newest;
  while (page !== null) {
    comments.unshift(...page.nodes);
    byCommand.unshift(...approvalsByCommand(page.nodes, markKey, thread));
    const isFound: boolean = byCommand.some(({ commitOid }) => commitOid === headRefOid);
    const isOlder: boolean = Date.parse(page.nodes[0]?.createdAt ?? "") < madeAtMs;
    const isEnough: boolean = !isRefused && (isFound || isOlder);
    const mayGoOn: boolean = page.pageInfo.hasPreviousPage && comments.length < MOST_OF_THREAD;
    page = isEnough || !mayGoOn ? null : await readEarlier(client, repository, number, page);
  }
  return { comments, byCommand };
}

async function readEarlier(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  number: number,
  { pageInfo }: CommentsPage,
): Promise<CommentsPage | null> {
  const variables = { owner, repo, number, before: pageInfo.startCursor };
  const { repository } = EarlierAnswer.parse(await askGraphql(client, EARLIER_QUERY, variables));
  return repository.pullRequest?.comments ?? null;
}

/** What people have approved by `/scale approve`: a review of the head that it was said of, where we ourselves have noted it. */
function approvalsByCommand(
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
