import { z } from "zod";
import type { AutoMergeOutcome, MergeRequest } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { type Lackable, optional } from "./github-server.ts";

/** What is left to auto-merge must be known as such, to be taken back. */
const AUTO_MERGE: Needed = {
  doing: "asking for auto-merge",
  fields: ["Mutation.enablePullRequestAutoMerge", "PullRequest.autoMergeRequest"],
  lacking: "this GitHub server has no auto-merge",
};
const QUEUE: Needed = {
  doing: "putting it into the merge queue",
  fields: ["Mutation.enqueuePullRequest"],
  lacking: "this GitHub server lets no App put anything into a merge queue",
};

/** Lets GitHub merge the pull request with our words when what is required is there. Throws `ForgeError`. */
export async function askForAutoMerge(
  client: GitHubClient,
  pullNodeId: string,
  request: MergeRequest,
): Promise<AutoMergeOutcome> {
  const mutation = `mutation($input: EnablePullRequestAutoMergeInput!) {
    enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
  }`;
  const input = {
    pullRequestId: pullNodeId,
    mergeMethod: request.method.toUpperCase(),
    commitHeadline: request.title,
    commitBody: request.message,
    expectedHeadOid: request.headOid,
  };
  const refusal = await refusalOf(client, AUTO_MERGE, () => client.graphql(mutation, { input }));
  if (refusal === null) return { kind: "asked" };
  // GitHub takes only what cannot be merged at this moment.
  return /in (clean|unstable|has_hooks) status/i.test(refusal)
    ? { kind: "mergeable" }
    : { kind: "refused", message: refusal };
}

/** Takes it back. */
export async function withdrawAutoMerge(client: GitHubClient, pullNodeId: string): Promise<void> {
  const mutation = `mutation($input: DisablePullRequestAutoMergeInput!) {
    disablePullRequestAutoMerge(input: $input) { pullRequest { number } }
  }`;
  await client.graphql(mutation, { input: { pullRequestId: pullNodeId } });
}

const QUEUED_QUERY = `
query Queued($id: ID!) {
  node(id: $id) {
    ... on PullRequest {
      title
      body
      headRefOid
      ${optional("PullRequest.isInMergeQueue", "isInMergeQueue")}
    }
  }
}`;

const Queued = z.object({
  node: z.object({
    title: z.string(),
    body: z.string(),
    headRefOid: z.string(),
    isInMergeQueue: z.boolean().default(false),
  }),
});

/**
 * Puts the pull request into the merge queue, with the title and the trailers of the request: the queue words the commit by the pull
 * request's own text, and may have done so before somebody edited it; so one whose words are not right leaves the queue first. One that
 * is there with the right words stays there. Answers why not, or null.
 */
export async function enqueue(
  client: GitHubClient,
  pullNodeId: string,
  request: MergeRequest,
): Promise<string | null> {
  const read = Queued.parse(await askGraphql(client, QUEUED_QUERY, { id: pullNodeId })).node;
  const { title, body, headRefOid, isInMergeQueue } = read;
  if (headRefOid !== request.headOid) return "the pull request has a newer head";
  const text = withTrailersOf(request.message, body);
  const isRight = title === request.title && text === body;
  if (isRight && isInMergeQueue) return null;
  const leave = isInMergeQueue ? "dequeuePullRequest(input: { id: $id }) { clientMutationId }\n" : "";
  const mutation = `mutation($id: ID!, $title: String!, $text: String!, $headOid: GitObjectID!) {
    ${leave}updatePullRequest(input: { pullRequestId: $id, title: $title, body: $text }) { pullRequest { number } }
    enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $headOid }) { mergeQueueEntry { position } }
  }`;
  const variables = { id: pullNodeId, title: request.title, text, headOid: request.headOid };
  return refusalOf(client, QUEUE, () => client.graphql(mutation, variables));
}

const BREAK = /\r\n|\n|\r/;

/** The text with the trailers of the message and no others; the text itself where that is so already. */
function withTrailersOf(message: string, text: string): string {
  const isTrailer = (line: string) => line.startsWith("Pulumiscale-");
  const wanted = message.split(BREAK).filter(isTrailer);
  const lines = text.split(BREAK);
  if (lines.filter(isTrailer).join("\n") === wanted.join("\n")) return text;
  return [...lines.filter((line) => !isTrailer(line)), ...wanted].join("\n");
}

/** Takes it out of the queue again. */
export async function dequeue(client: GitHubClient, pullNodeId: string): Promise<void> {
  const mutation = `mutation($input: DequeuePullRequestInput!) {
    dequeuePullRequest(input: $input) { clientMutationId }
  }`;
  await client.graphql(mutation, { input: { id: pullNodeId } });
}

const Refusal = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

type Needed = { doing: string; fields: readonly Lackable[]; lacking: string };

/** Why it was not done: GitHub's own sentence, or what it lacks; null where it was. Throws `ForgeError` where that is not known. */
async function refusalOf(
  { server }: GitHubClient,
  { doing, fields, lacking }: Needed,
  ask: () => Promise<unknown>,
): Promise<string | null> {
  if (server.lacks(...fields)) return lacking;
  try {
    await ask();
    return null;
  } catch (error) {
    server.learnFrom(error);
    if (server.lacks(...fields)) return lacking;
    const failure = toForgeError(error, doing);
    const refused = Refusal.safeParse(error);
    if (!refused.success || failure.code === "rate-limited") throw failure;
    return refused.data.errors.map(({ message }) => message).join("; ");
  }
}
