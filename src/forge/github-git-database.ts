import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** A commit as it was made. `isSigned`: by GitHub, as it signs what an App commits, unless a server is set up not to. */
export type MadeCommit = { oid: string; isSigned: boolean };

export type CommitDraft = {
  /** Null: a commit without a parent. */
  parentOid: string | null;
  path: string;
  text: string;
  /** Further files of the same commit. */
  beside?: readonly { path: string; text: string }[];
  headline: string;
  body: string;
};

/** Makes a commit that changes one file, or some; no branch has it yet. `wordsOf` may add to its message. Two requests. */
export async function createCommit(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  { parentOid, path, text, beside = [], headline, body }: CommitDraft,
  wordsOf: (treeOid: string, message: string) => string = (_, message) => message,
): Promise<MadeCommit> {
  const tree = await client.request("POST /repos/{owner}/{repo}/git/trees", {
    owner,
    repo,
    ...(parentOid === null ? {} : { base_tree: parentOid }),
    tree: [{ path, text }, ...beside].map((file) => ({
      path: file.path,
      mode: "100644" as const,
      type: "blob" as const,
      content: file.text,
    })),
  });
  const { data } = await client.request("POST /repos/{owner}/{repo}/git/commits", {
    owner,
    repo,
    message: wordsOf(tree.data.sha, `${headline}\n\n${body}`),
    tree: tree.data.sha,
    parents: parentOid === null ? [] : [parentOid],
  });
  return { oid: data.sha, isSigned: data.verification.verified };
}

/** Makes a branch. Where it is there already GitHub refuses, which is a `conflict`. */
export async function createBranch(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  branch: string,
  oid: string,
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  await client.request("POST /repos/{owner}/{repo}/git/refs", { owner, repo, ref, sha: oid });
}

/** Moves a branch to a commit on top of where it stands. Where it has moved on GitHub refuses, which is a `conflict`. */
export async function advanceBranch(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  branch: string,
  oid: string,
): Promise<void> {
  const ref = `heads/${branch}`;
  await client.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", { owner, repo, ref, sha: oid });
}

/** Moves a branch to any commit, if it still stands where it was read. REST does not compare and move in one step: see `compare`. */
export async function replaceBranch(
  client: GitHubClient,
  repository: RepositoryName,
  branch: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await compare(client, repository, branch, from);
  const ref = `heads/${branch}`;
  await client.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
    ...repository,
    ref,
    sha: to,
    force: true,
  });
}

/** Deletes a branch, if it still stands where it was read. REST does not compare and delete in one step: see `compare`. */
export async function removeBranch(
  client: GitHubClient,
  repository: RepositoryName,
  branch: string,
  from: string,
): Promise<void> {
  await compare(client, repository, branch, from);
  const ref = `heads/${branch}`;
  await client.request("DELETE /repos/{owner}/{repo}/git/refs/{ref}", { ...repository, ref });
}

/**
 * Throws a `conflict` unless the branch stands there. Somebody may still move it before the next request: so only for our scale
 * branches, of which nothing is merged but a head that was read (see .github/decisions/0027-github-enterprise-server.md).
 */
async function compare(
  client: GitHubClient,
  { owner, repo }: RepositoryName,
  branch: string,
  oid: string,
): Promise<void> {
  const ref = `heads/${branch}`;
  const stands = await client
    .request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref })
    .catch((error: unknown) => {
      if (toForgeError(error, "reading a branch").code === "not-found") return null;
      throw error;
    });
  if (stands?.data.object.sha !== oid)
    throw new ForgeError("conflict", `The branch ${branch} has moved; it is read and decided again.`);
}
