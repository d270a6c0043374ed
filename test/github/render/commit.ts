import { type ChangedFile, diffPatches, emptyTree } from "../git/diff.ts";
import type { GitCommit, GitIdentity } from "../git/parse-commit.ts";
import { formatNodeId } from "../node-id.ts";
import type { Repository, World } from "../world.ts";
import { findAccountByEmail, renderAccount } from "./account.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderIdentity(identity: GitIdentity) {
  return { name: identity.name, email: identity.email, date: formatTime(identity.date) };
}

/** The short form in webhooks and check suites. */
export function renderSimpleCommit(commit: GitCommit) {
  return {
    id: commit.oid,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: formatTime(commit.committer.date),
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}

export function renderVerification(repository: Repository, commit: GitCommit) {
  const verified = repository.verifiedCommits.has(commit.oid);
  return {
    verified,
    reason: verified ? "valid" : "unsigned",
    // The object itself carries no signature: see README.md.
    signature: verified ? "-----BEGIN PGP SIGNATURE-----\n(stand-in)\n-----END PGP SIGNATURE-----\n" : null,
    payload: verified ? `tree ${commit.tree}\n` : null,
    verified_at: verified ? formatTime(commit.committer.date) : null,
  };
}

/** The `git-commit` of REST's git database. */
export function renderGitCommit(world: World, repository: Repository, commit: GitCommit) {
  const url = repositoryUrl(world, repository);
  const page = repositoryPage(world, repository);
  return {
    sha: commit.oid,
    node_id: formatNodeId("Commit", repository.id, commit.oid),
    url: `${url}/git/commits/${commit.oid}`,
    html_url: `${page}/commit/${commit.oid}`,
    author: renderIdentity(commit.author),
    committer: renderIdentity(commit.committer),
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${url}/git/commits/${parent}`,
      html_url: `${page}/commit/${parent}`,
    })),
    verification: renderVerification(repository, commit),
  };
}

/** The `commit` of lists and comparisons. */
export function renderCommit(world: World, repository: Repository, commit: GitCommit) {
  const url = repositoryUrl(world, repository);
  const page = repositoryPage(world, repository);
  const author = findAccountByEmail(world, commit.author.email);
  const committer = findAccountByEmail(world, commit.committer.email);
  return {
    sha: commit.oid,
    node_id: formatNodeId("Commit", repository.id, commit.oid),
    url: `${url}/commits/${commit.oid}`,
    html_url: `${page}/commit/${commit.oid}`,
    comments_url: `${url}/commits/${commit.oid}/comments`,
    commit: {
      url: `${url}/git/commits/${commit.oid}`,
      author: renderIdentity(commit.author),
      committer: renderIdentity(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      comment_count: repository.commitComments.filter((comment) => comment.sha === commit.oid).length,
      verification: renderVerification(repository, commit),
    },
    author: author === null ? null : renderAccount(world, author),
    committer: committer === null ? null : renderAccount(world, committer),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: `${url}/commits/${parent}`,
      html_url: `${page}/commit/${parent}`,
    })),
  };
}

/** A commit by itself, with what it changed against its first parent. */
export async function renderCommitWithFiles(world: World, repository: Repository, commit: GitCommit) {
  const files = await diffPatches(repository.git, commit.parents[0] ?? emptyTree, commit.oid);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    ...renderCommit(world, repository, commit),
    stats: { total: additions + deletions, additions, deletions },
    files: files.map((file) => renderFile(world, repository, commit.oid, file)),
  };
}

export interface PatchedFile extends ChangedFile {
  readonly patch: string | null;
}

/** The `diff-entry` of commits, comparisons and pull requests. */
export function renderFile(world: World, repository: Repository, oid: string, file: PatchedFile) {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const page = repositoryPage(world, repository);
  return {
    sha: file.oid,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${page}/blob/${oid}/${path}`,
    raw_url: `${page}/raw/${oid}/${path}`,
    contents_url: `${repositoryUrl(world, repository)}/contents/${path}?ref=${oid}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}
