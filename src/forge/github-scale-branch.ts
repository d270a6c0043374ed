import { z } from "zod";
import type { OpenPull, ScaleBranch } from "../domain/snapshot.ts";
import { type FileCommitRequest, ForgeError, type PullRequestDraft, type StackPlace } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";

const NO_OID = "0".repeat(40);
const Committed = z.object({ createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }) }) });
const Moved = z.object({ updatePullRequest: z.object({ pullRequest: z.object({ state: z.string() }) }) });

/** One commit on a branch whose head must be `expectedHeadOid`: one call. Answers the commit's id. */
export async function commitOnBranch(
  client: GitHubClient,
  place: StackPlace,
  branch: string,
  request: FileCommitRequest,
): Promise<string> {
  const mutation = `mutation($commit: CreateCommitOnBranchInput!) {
    createCommitOnBranch(input: $commit) { commit { oid } }
  }`;
  const answer = await client.graphql(mutation, { commit: commitInput(place, branch, request) });
  return Committed.parse(answer).createCommitOnBranch.commit.oid;
}

/**
 * Points a branch without an open pull request at the snapshot's head and commits on it: two compare-and-swaps in one
 * call. `currentOid` null: the branch must not exist.
 */
export async function resetBranchAndCommit(
  client: GitHubClient,
  place: StackPlace,
  request: FileCommitRequest,
  branch: string,
  currentOid: string | null,
): Promise<string> {
  const mutation = `mutation($repositoryId: ID!, $refs: [RefUpdate!]!, $commit: CreateCommitOnBranchInput!) {
    updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refs }) { clientMutationId }
    createCommitOnBranch(input: $commit) { commit { oid } }
  }`;
  const answer = await client.graphql(mutation, {
    repositoryId: request.repositoryId,
    refs: [
      {
        name: `refs/heads/${branch}`,
        beforeOid: currentOid ?? NO_OID,
        afterOid: request.expectedHeadOid,
        force: true,
      },
    ],
    commit: commitInput(place, branch, request),
  });
  return Committed.parse(answer).createCommitOnBranch.commit.oid;
}

/**
 * Replaces the one commit of an open pull request, and its words: the branch moves only if it is still what was read. Throws a
 * `conflict` where the pull request was merged or closed meanwhile: nothing would bring the new commit to the base.
 */
export async function moveBranchToCommit(
  client: GitHubClient,
  place: StackPlace,
  request: FileCommitRequest,
  draft: PullRequestDraft,
  current: ScaleBranch & { pull: OpenPull },
): Promise<string> {
  const { owner, repo } = place;
  const tree = await client.request("POST /repos/{owner}/{repo}/git/trees", {
    owner,
    repo,
    base_tree: request.expectedHeadOid,
    tree: [{ path: request.path, mode: "100644", type: "blob", content: request.text }],
  });
  const commit = await client.request("POST /repos/{owner}/{repo}/git/commits", {
    owner,
    repo,
    message: `${request.headline}\n\n${request.body}`,
    tree: tree.data.sha,
    parents: [request.expectedHeadOid],
  });
  const mutation = `mutation($repositoryId: ID!, $refs: [RefUpdate!]!, $pull: UpdatePullRequestInput!) {
    updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refs }) { clientMutationId }
    updatePullRequest(input: $pull) { pullRequest { state } }
  }`;
  const ref = {
    name: `refs/heads/${draft.branch}`,
    beforeOid: current.headOid,
    afterOid: commit.data.sha,
    force: true,
  };
  const answer = await client.graphql(mutation, {
    repositoryId: request.repositoryId,
    refs: [ref],
    pull: { pullRequestId: current.pull.nodeId, title: draft.title, body: draft.body },
  });
  if (Moved.parse(answer).updatePullRequest.pullRequest.state !== "OPEN") {
    await deleteBranch(client, request.repositoryId, draft.branch, commit.data.sha);
    const message = `Pull request #${current.pull.number} was merged or closed while it was made anew; it is read and decided again.`;
    throw new ForgeError("conflict", message);
  }
  return commit.data.sha;
}

/** Deletes a branch if it still stands where it was read; GitHub closes its pull requests. */
export async function deleteBranch(
  client: GitHubClient,
  repositoryId: string,
  branch: string,
  headOid: string,
): Promise<void> {
  const mutation = `mutation($repositoryId: ID!, $refs: [RefUpdate!]!) {
    updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refs }) { clientMutationId }
  }`;
  const ref = { name: `refs/heads/${branch}`, beforeOid: headOid, afterOid: NO_OID, force: true };
  await client.graphql(mutation, { repositoryId, refs: [ref] });
}

function commitInput(place: StackPlace, branch: string, request: FileCommitRequest) {
  return {
    branch: { repositoryNameWithOwner: `${place.owner}/${place.repo}`, branchName: branch },
    expectedHeadOid: request.expectedHeadOid,
    message: { headline: request.headline, body: request.body },
    fileChanges: {
      additions: [{ path: request.path, contents: Buffer.from(request.text, "utf8").toString("base64") }],
    },
  };
}
