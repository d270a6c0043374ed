import { ForgeError } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** A branch as it was read, and the commit that it is to be compared with. */
type ReadBranch = { name: string; headOid: string; baseOid: string };
/** By what a commit of ours is known: a line of its message, and the only files that it changes. */
type OurMarks = { trailer: string; paths: readonly string[] };

/** Throws `ForgeError` `forbidden` where a branch holds what somebody else has committed: it would be lost. */
export async function judgePlanBranch(
  client: GitHubClient,
  { owner, repo }: { owner: string; repo: string },
  { name, headOid, baseOid }: ReadBranch,
  { trailer, paths }: OurMarks,
): Promise<void> {
  const basehead = `${baseOid}...${headOid}`;
  const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    owner,
    repo,
    basehead,
  });
  const commit = data.commits.find(({ commit: { message } }) => !message.split(/\r?\n/).includes(trailer));
  const file = data.files?.find(({ filename }) => !paths.includes(filename));
  const isCut = data.total_commits > data.commits.length;
  const what = commit?.sha.slice(0, 12) ?? file?.filename ?? (isCut ? `${data.total_commits} commits` : null);
  if (what === null) return;
  const message = `The branch ${name} holds what is no plan of this target (${what}), which would be lost; merge or delete it, or name another --branch.`;
  throw new ForgeError("forbidden", message);
}
