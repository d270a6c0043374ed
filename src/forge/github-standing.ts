import { z } from "zod";
import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError, type PullStanding } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import {
  COMMENTS_FIELD,
  CommentsAnswer,
  MadeAnswer,
  readCommandApprovals,
} from "./github-command-approvals.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { REVIEWS_FIELD, RenewedAnswer, ReviewsAnswer, readReviews } from "./github-reviews.ts";
import { optional } from "./github-server.ts";
import { hasHeadMark, hasSeal, type MarkedHead, type SealedCommit } from "./head-mark.ts";

const STANDING_QUERY = `
query Standing($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    pullRequest(number: $number) {
      state
      headRefOid
      headRefName
      body
      commits(last: 1) { nodes { commit { oid message tree { oid } parents(first: 1) { nodes { oid } } } } }
      mergeable
      ${optional("PullRequest.mergeStateStatus", "mergeStateStatus")}
      ${optional("PullRequest.isInMergeQueue", "isInMergeQueue")}
      labels(first: 50) { nodes { name } }
      ${REVIEWS_FIELD}
      ${COMMENTS_FIELD}
    }
  }
}`;

const HeadCommit = z.object({
  oid: z.string(),
  message: z.string(),
  tree: z.object({ oid: z.string() }),
  parents: z.object({ nodes: z.array(z.object({ oid: z.string() })) }),
});

const StandingAnswer = z.object({
  repository: z.object({
    databaseId: z.int(),
    pullRequest: z
      .object({
        state: z.string(),
        headRefOid: z.string(),
        headRefName: z.string(),
        body: z.string(),
        commits: z.object({ nodes: z.array(z.object({ commit: HeadCommit })) }),
        mergeable: z.string(),
        mergeStateStatus: z.string().optional(),
        isInMergeQueue: z.boolean().default(false),
        labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }).nullable(),
        renewed: RenewedAnswer,
        reviews: ReviewsAnswer,
        made: MadeAnswer,
        comments: CommentsAnswer,
      })
      .nullable(),
  }),
});

/** The first line of our one comment on a pull request; read back only where we wrote it ourselves. */
const NOTE = "<!-- pulumiscale:note -->";

/** Reads what people and GitHub say of a pull request: one request, and more where a server does not tell all of it. */
export async function readGitHubStanding(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  number: number,
  markKey: Buffer,
): Promise<PullStanding> {
  const answer = StandingAnswer.parse(await askGraphql(client, STANDING_QUERY, { owner, repo, number }));
  const pull = answer.repository.pullRequest;
  if (pull === null) throw new ForgeError("conflict", `Pull request #${number} is gone.`);
  const named = { owner, repo, databaseId: answer.repository.databaseId };
  const { comments, byCommand } = await readCommandApprovals(client, named, { ...pull, number }, markKey);
  // The newest: one that stood further back than was read was followed by another.
  const note = comments.findLast(
    ({ viewerDidAuthor, body, databaseId }) =>
      viewerDidAuthor && databaseId !== null && body.startsWith(NOTE),
  );
  const repository = String(named.databaseId);
  const marked = { repository, branch: pull.headRefName, headOid: pull.headRefOid };
  const isWorded = hasHeadMark(markKey, marked, pull.body);
  const head = pull.commits.nodes.find(({ commit }) => commit.oid === pull.headRefOid)?.commit;
  return {
    isOpen: pull.state === "OPEN",
    headOid: pull.headRefOid,
    reviews: await readReviews(client, { owner, repo }, pull, byCommand),
    isConflicting: pull.mergeable === "CONFLICTING",
    isQueued: pull.isInMergeQueue,
    isBehind:
      pull.mergeStateStatus === undefined
        ? await isBehind(client, owner, repo, number)
        : pull.mergeStateStatus === "BEHIND",
    labels: pull.labels?.nodes.map(({ name }) => name) ?? [],
    // No signature tells that: under the App's name GitHub also signs what a person squashes of its pull requests.
    isOurs: isWorded || (head !== undefined && hasSeal(markKey, sealedCommit(marked, head), head.message)),
    isWorded,
    note:
      note?.databaseId == null ? null : { id: note.databaseId, text: note.body.slice(NOTE.length).trim() },
  };
}

function sealedCommit(
  { repository, branch }: MarkedHead,
  { tree, parents }: z.infer<typeof HeadCommit>,
): SealedCommit {
  return { repository, branch, parentOid: parents.nodes[0]?.oid ?? "", treeOid: tree.oid };
}

async function isBehind(client: GitHubClient, owner: string, repo: string, number: number): Promise<boolean> {
  const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
  const { data } = await client.request(route, { owner, repo, pull_number: number });
  return data.mergeable_state === "behind";
}

/** Writes our one comment on a pull request, or edits it; nothing where it says that already, or where nobody may comment. */
export async function writeGitHubNote(
  client: GitHubClient,
  place: RepositoryName,
  number: number,
  note: PullStanding["note"],
  text: string,
): Promise<void> {
  if (note?.text === text) return;
  try {
    await writeComment(client, place, number, note, text);
  } catch (error) {
    // Its conversation is locked: what it waits for is told to whoever asks, and nothing else hangs on it.
    if (!isLocked(error)) throw error;
  }
}

const Locked = z.object({ status: z.literal(403), message: z.string().regex(/\blocked\b/) });

function isLocked(error: unknown): boolean {
  return Locked.safeParse(error).success;
}

async function writeComment(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  number: number,
  note: PullStanding["note"],
  text: string,
): Promise<void> {
  const body = `${NOTE}\n${text}`;
  if (note === null) {
    await client.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      owner,
      repo,
      issue_number: number,
      body,
    });
    return;
  }
  await client.request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
    owner,
    repo,
    comment_id: note.id,
    body,
  });
}
