import { diffFiles, emptyTree } from "../git/diff.ts";
import { listCommits } from "../git/history.ts";
import type { GitCommit, GitIdentity } from "../git/parse-commit.ts";
import { findAccountByEmail, renderAccount } from "../render/account.ts";
import { renderRepository, repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import type { Account, Repository, World } from "../world.ts";

const noObject = "0".repeat(40);

export interface RefMove {
  readonly ref: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly forced: boolean;
}

/** The payload of a `push` event. `others` are the tips of the other branches before the push. */
export async function formatPushPayload(
  world: World,
  repository: Repository,
  move: RefMove,
  pusher: Account,
  others: readonly string[],
): Promise<Record<string, unknown>> {
  const page = repositoryPage(world, repository);
  const { before, after, ref } = move;
  const known = before === null ? others : [before];
  const pushed =
    after === null
      ? []
      : await listCommits(repository.git, {
          from: after,
          without: known,
          limit: 2048,
          order: "oldest-first",
        });
  const commits = await Promise.all(pushed.map((commit) => formatPushCommit(world, repository, commit)));
  const range =
    before === null || after === null
      ? (after ?? before ?? "")
      : `${before.slice(0, 12)}...${after.slice(0, 12)}`;
  const head = after === null ? undefined : repository.git.commits.get(after);
  return {
    ref,
    before: before ?? noObject,
    after: after ?? noObject,
    repository: formatPushRepository(world, repository),
    pusher: { name: pusher.login, email: pusher.email === "" ? null : pusher.email },
    created: before === null,
    deleted: after === null,
    forced: move.forced,
    base_ref: null,
    compare: `${page}/compare/${range}`,
    commits,
    head_commit:
      head === undefined ? null : (commits.at(-1) ?? (await formatPushCommit(world, repository, head))),
  };
}

/** In a push, the repository has its times in seconds and its owner a name and an address. */
function formatPushRepository(world: World, repository: Repository): Record<string, unknown> {
  return {
    ...renderRepository(world, repository),
    url: repositoryPage(world, repository),
    created_at: Math.floor(repository.createdAt.getTime() / 1000),
    pushed_at: Math.floor(repository.pushedAt.getTime() / 1000),
    stargazers: 0,
    master_branch: repository.settings.default_branch,
    owner: {
      ...renderAccount(world, repository.owner),
      name: repository.owner.login,
      email: repository.owner.email,
    },
  };
}

async function formatPushCommit(
  world: World,
  repository: Repository,
  commit: GitCommit,
): Promise<Record<string, unknown>> {
  const files = await diffFiles(repository.git, commit.parents[0] ?? emptyTree, commit.oid);
  const named = (status: string): string[] =>
    files.filter((file) => file.status === status).map((file) => file.path);
  return {
    id: commit.oid,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: formatTime(commit.committer.date),
    url: `${repositoryPage(world, repository)}/commit/${commit.oid}`,
    author: formatPerson(world, commit.author),
    committer: formatPerson(world, commit.committer),
    added: named("added"),
    removed: named("removed"),
    modified: [...named("modified"), ...named("renamed"), ...named("changed")],
  };
}

function formatPerson(world: World, identity: GitIdentity): Record<string, unknown> {
  const login = findAccountByEmail(world, identity.email)?.login;
  return { name: identity.name, email: identity.email, ...(login === undefined ? {} : { username: login }) };
}
