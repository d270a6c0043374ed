import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** A branch as it was read, and the commit that it is to be compared with. */
type ReadBranch = { name: string; headOid: string; baseOid: string };
/** By what a commit of ours is known: a line of its message, and the only files that it changes. */
type OurMarks = { trailer: string; paths: readonly string[] };

/** Throws `ForgeError` `forbidden` where a branch holds what somebody else has committed: it would be lost. */
export async function judgePlanBranch(
  client: GitHubClient,
  repository: RepositoryName,
  { name, headOid, baseOid }: ReadBranch,
  { trailer, paths }: OurMarks,
): Promise<void> {
  const data = await compare(client, repository, baseOid, headOid);
  const isOurs = ({ commit }: (typeof data.commits)[number]) =>
    commit.message.split(/\r?\n/).includes(trailer);
  const others = data.commits.filter((commit) => !isOurs(commit));
  const merge = others.find(({ parents }) => parents.length > 1);
  const ours = data.commits.findLast(isOurs);
  const file = data.files?.find(({ filename }) => !paths.includes(filename));
  const isCut = data.total_commits > data.commits.length;
  // "Update branch" brings the base in, and nothing of anybody's.
  const isUpdated =
    merge !== undefined &&
    ours !== undefined &&
    filesOf(data) === filesOf(await compare(client, repository, baseOid, ours.sha));
  const commit = others.find((other) => !isUpdated || other.parents.length < 2);
  const what = commit?.sha.slice(0, 12) ?? file?.filename ?? (isCut ? `${data.total_commits} commits` : null);
  if (what === null) return;
  const message = `The branch ${name} holds what is no plan of this target (${what}), which would be lost; merge or delete it, or name another --branch.`;
  throw new ForgeError("forbidden", message);
}

async function compare(client: GitHubClient, { owner, repo }: RepositoryName, base: string, head: string) {
  const basehead = `${base}...${head}`;
  const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    owner,
    repo,
    basehead,
  });
  return data;
}

/** What a head changes, file by file. */
function filesOf({ files }: Awaited<ReturnType<typeof compare>>): string {
  return JSON.stringify((files ?? []).map(({ filename, status, sha }) => [filename, status, sha]).sort());
}
