import { z } from "zod";
import type { OpenPull, ScaleBranch } from "../domain/snapshot.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import {
  type FileCommitRequest,
  ForgeError,
  type OpenedPull,
  type PullRequestDraft,
  type StackPlace,
} from "./forge.ts";
import { askGraphql, mutateOr } from "./github-ask.ts";
import { withdrawAutoMerge } from "./github-auto-merge.ts";
import {
  advanceBranch,
  createBranch,
  createCommit,
  type MadeCommit,
  removeBranch,
  replaceBranch,
} from "./github-git-database.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { optional } from "./github-server.ts";

const NO_OID = "0".repeat(40);
const Signature = z.object({ isValid: z.boolean(), wasSignedByGitHub: z.boolean() }).nullish();
/** What is read in the same call, right after the commit. */
const Beside = z.object({
  ledger: z.object({ target: z.object({ oid: z.string() }) }).nullable(),
});
const Committed = z
  .object({
    createCommitOnBranch: z.object({
      commit: z.object({ oid: z.string(), signature: Signature, repository: Beside.optional() }),
    }),
  })
  .transform(({ createCommitOnBranch: { commit } }): CommitBesideLedger => {
    const { oid, signature, repository } = commit;
    const made = { oid, isSigned: signature?.isValid === true && signature.wasSignedByGitHub };
    return repository === undefined
      ? made
      : { ...made, ledgerHeadOid: repository.ledger?.target.oid ?? null };
  });
/** A commit, and the ledger's head at that moment where it is known. */
type CommitBesideLedger = MadeCommit & Pick<OpenedPull, "ledgerHeadOid">;
const SIGNATURE = optional("Commit.signature", "signature { isValid wasSignedByGitHub }");
const COMMIT_FIELDS = `commit { oid ${SIGNATURE} }`;
const COMMIT_FIELDS_BESIDE_LEDGER = `commit {
      oid
      repository { ledger: ref(qualifiedName: "refs/heads/${LEDGER_BRANCH}") { target { oid } } }
      ${SIGNATURE}
    }`;
const Moved = z.object({
  updatePullRequest: z.object({
    pullRequest: z.object({ state: z.string(), autoMergeRequest: z.object({}).nullish() }),
  }),
});
/** What the move finds: `auto-merging` was asked for meanwhile, for the head that was there before. */
type Standing = "open" | "auto-merging" | "closed";

/** One commit on a branch whose head must be `expectedHeadOid`: one call. */
export async function commitOnBranch(
  client: GitHubClient,
  place: StackPlace,
  branch: string,
  request: FileCommitRequest,
): Promise<MadeCommit> {
  const mutation = `mutation($commit: CreateCommitOnBranchInput!) {
    createCommitOnBranch(input: $commit) { ${COMMIT_FIELDS} }
  }`;
  const variables = { commit: commitInput(place, branch, request) };
  return mutateOr(
    client,
    ["Mutation.createCommitOnBranch"],
    async () => Committed.parse(await askGraphql(client, mutation, variables)),
    async () => {
      const made = await createCommit(client, place, { parentOid: request.expectedHeadOid, ...request });
      await advanceBranch(client, place, branch, made.oid);
      return made;
    },
  );
}

/**
 * Points a branch without an open pull request at the snapshot's head and commits on it: two compare-and-swaps in one
 * call, which tells the ledger's head too. `currentOid` null: the branch must not exist.
 */
export async function resetBranchAndCommit(
  client: GitHubClient,
  place: StackPlace,
  request: FileCommitRequest,
  branch: string,
  currentOid: string | null,
): Promise<CommitBesideLedger> {
  const mutation = `mutation($repositoryId: ID!, $refs: [RefUpdate!]!, $commit: CreateCommitOnBranchInput!) {
    updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refs }) { clientMutationId }
    createCommitOnBranch(input: $commit) { ${COMMIT_FIELDS_BESIDE_LEDGER} }
  }`;
  const variables = {
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
  };
  return mutateOr(
    client,
    ["Mutation.updateRefs", "Mutation.createCommitOnBranch"],
    async () => Committed.parse(await askGraphql(client, mutation, variables)),
    async () => {
      const made = await createCommit(client, place, { parentOid: request.expectedHeadOid, ...request });
      if (currentOid === null) await createBranch(client, place, branch, made.oid);
      else await replaceBranch(client, place, branch, { from: currentOid, to: made.oid });
      return made;
    },
  );
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
  textFor: (commit: MadeCommit) => string,
  seal: (treeOid: string, message: string) => string,
): Promise<MadeCommit> {
  const made = await createCommit(client, place, { parentOid: request.expectedHeadOid, ...request }, seal);
  const text = { title: draft.title, body: textFor(made) };
  // On its own: of a document GitHub carries out the rest after a refusal, and these words are none for another replica's commit.
  await moveBranch(client, place, request.repositoryId, draft.branch, {
    from: current.headOid,
    to: made.oid,
  });
  const mutation = `mutation($pull: UpdatePullRequestInput!) {
    updatePullRequest(input: $pull) {
      pullRequest { state ${optional("PullRequest.autoMergeRequest", "autoMergeRequest { enabledAt }")} }
    }
  }`;
  const pull = { pullRequestId: current.pull.nodeId, ...text };
  const answer = Moved.parse(await askGraphql(client, mutation, { pull })).updatePullRequest.pullRequest;
  const isAutoMerging = answer.autoMergeRequest != null;
  const standing: Standing = answer.state !== "OPEN" ? "closed" : isAutoMerging ? "auto-merging" : "open";
  // Or GitHub would merge the new commit with the old one's words.
  if (standing === "auto-merging") await withdrawAutoMerge(client, current.pull.nodeId);
  if (standing === "closed") {
    await deleteBranch(client, place, request.repositoryId, draft.branch, made.oid);
    const message = `Pull request #${current.pull.number} was merged or closed while it was made anew; it is read and decided again.`;
    throw new ForgeError("conflict", message);
  }
  return made;
}

/** Points a branch at any commit, if it still stands where it was read. */
export async function moveBranch(
  client: GitHubClient,
  place: Pick<StackPlace, "owner" | "repo">,
  repositoryId: string,
  branch: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const ref = { name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: true };
  await mutateOr(
    client,
    ["Mutation.updateRefs"],
    () => askGraphql(client, UPDATE_REFS, { repositoryId, refs: [ref] }),
    () => replaceBranch(client, place, branch, { from, to }),
  );
}

/** Deletes a branch if it still stands where it was read; GitHub closes its pull requests. */
export async function deleteBranch(
  client: GitHubClient,
  place: StackPlace,
  repositoryId: string,
  branch: string,
  headOid: string,
): Promise<void> {
  const ref = { name: `refs/heads/${branch}`, beforeOid: headOid, afterOid: NO_OID, force: true };
  await mutateOr(
    client,
    ["Mutation.updateRefs"],
    () => client.graphql(UPDATE_REFS, { repositoryId, refs: [ref] }),
    () => removeBranch(client, place, branch, headOid),
  );
}

const UPDATE_REFS = `mutation($repositoryId: ID!, $refs: [RefUpdate!]!) {
    updateRefs(input: { repositoryId: $repositoryId, refUpdates: $refs }) { clientMutationId }
  }`;

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
