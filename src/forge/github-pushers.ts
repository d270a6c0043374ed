import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** What throws away or begins all that stands on a branch. */
const BEGINNINGS: readonly string[] = ["force_push", "branch_creation"];

/**
 * Who has pushed what stands on a branch, as GitHub itself has noted it: a commit's author is whoever its writer says. From the push of
 * this head back to where the branch was made or moved by force. Null where GitHub does not tell: its notes may lag, and servers of one's
 * own may keep none.
 */
export async function readPushers(
  client: Pick<GitHubClient, "request">,
  { owner, repo }: RepositoryName,
  branch: string,
  headOid: string,
): Promise<string[] | null> {
  const asked = { owner, repo, ref: `refs/heads/${branch}`, per_page: 100 };
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/activity", asked);
    const ofHead = data.findIndex(({ after }) => after === headOid);
    if (ofHead === -1) return null;
    const since = data.slice(ofHead);
    const end = since.findIndex(({ activity_type }) => BEGINNINGS.includes(activity_type));
    if (end === -1) return null;
    const logins = since.slice(0, end + 1).map(({ actor }) => actor?.login ?? "");
    return [...new Set(logins.filter((login) => login !== ""))];
  } catch (error) {
    if (toForgeError(error, "reading who has pushed").code === "not-found") return null;
    throw error;
  }
}
