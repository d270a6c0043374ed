import { readCommit } from "../git/git-repository.ts";
import type { GitCommit, GitIdentity } from "../git/parse-commit.ts";
import { formatNodeId } from "../node-id.ts";
import { findPullsOfCommit } from "../pulls/find-pulls-of-commit.ts";
import { bodyOf, headlineOf } from "../pulls/merge-message.ts";
import { findAccountByEmail } from "../render/account.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import type { Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireRead } from "./require-read.ts";
import { viewUser } from "./view-account.ts";
import { type CheckSuiteArgs, viewCheckSuites, viewRollup, viewStatus } from "./view-checks.ts";
import { viewEntry, viewTree } from "./view-git-object.ts";
import { type HistoryArgs, viewHistory } from "./view-history.ts";
import { viewPull } from "./view-pull.ts";
import { viewRepository } from "./view-repository.ts";

/** A `Commit`. */
export function viewCommit(context: GraphqlContext, repository: Repository, commit: GitCommit): object {
  const { world } = context;
  const url = `${repositoryPage(world, repository)}/commit/${commit.oid}`;
  return {
    __typename: "Commit",
    id: formatNodeId("Commit", repository.id, commit.oid),
    oid: commit.oid,
    abbreviatedOid: commit.oid.slice(0, 7),
    message: commit.message,
    messageHeadline: headlineOf(commit.message),
    messageBody: bodyOf(commit.message),
    authoredDate: formatTime(commit.author.date),
    committedDate: formatTime(commit.committer.date),
    committedViaWeb: repository.verifiedCommits.has(commit.oid),
    authoredByCommitter: commit.author.email === commit.committer.email,
    author: () => viewGitActor(context, commit.author),
    committer: () => viewGitActor(context, commit.committer),
    url,
    commitUrl: url,
    resourcePath: url.slice(world.baseUrl.length),
    treeUrl: `${repositoryPage(world, repository)}/tree/${commit.oid}`,
    repository: () => viewRepository(context, repository),
    tree: () => viewTree(context, repository, commit.tree),
    file: async ({ path }: { path: string }) => viewEntry(context, repository, commit.oid, path),
    history: (args: HistoryArgs) => viewHistory(context, repository, commit.oid, args),
    parents: async (args: PageArgs) => {
      const parents = await Promise.all(commit.parents.map((parent) => readCommit(repository.git, parent)));
      const known = parents.filter((parent) => parent !== null);
      return connect("parents", args, known, (parent) => viewCommit(context, repository, parent));
    },
    associatedPullRequests: async (args: PageArgs) => {
      requireRead(context, repository, "pull_requests");
      const pulls = await findPullsOfCommit(repository, commit.oid);
      return connect("associatedPullRequests", args, pulls, (pull) => viewPull(context, repository, pull));
    },
    signature: () => viewSignature(repository, commit),
    statusCheckRollup: () => viewRollup(context, repository, commit.oid),
    status: () => viewStatus(context, repository, commit.oid),
    checkSuites: (args: CheckSuiteArgs) => viewCheckSuites(context, repository, commit.oid, args),
  };
}

function viewGitActor({ world }: GraphqlContext, identity: GitIdentity) {
  const account = findAccountByEmail(world, identity.email);
  return {
    name: identity.name,
    email: identity.email,
    date: formatTime(identity.date),
    avatarUrl: () => `${world.baseUrl}/avatars/u/e?email=${encodeURIComponent(identity.email)}`,
    user: () => (account === null || account.kind === "Organization" ? null : viewUser(world, account)),
  };
}

function viewSignature(repository: Repository, commit: GitCommit): object | null {
  if (!repository.verifiedCommits.has(commit.oid)) return null;
  return {
    __typename: "GpgSignature",
    isValid: true,
    state: "VALID",
    wasSignedByGitHub: true,
    email: commit.committer.email,
    signature: "(stand-in)",
    payload: `tree ${commit.tree}\n`,
  };
}
