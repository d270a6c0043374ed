import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { Pushes } from "./plan-forge.ts";

/** What throws away or begins all that stands on a branch. */
const BEGINNINGS: readonly string[] = ["force_push", "branch_creation"];

/**
 * Who has pushed what stands on a branch, and when, as GitHub itself has noted it: a commit's author and time are what its writer says.
 * From the push of this head back to where the branch was made or moved by force. Null where GitHub does not tell: its notes may lag, and servers of one's
 * own may keep none.
 */
export async function readPushes(
  client: Pick<GitHubClient, "request">,
  { owner, repo }: RepositoryName,
  branch: string,
  headOid: string,
): Promise<Pushes | null> {
  const asked = { owner, repo, ref: `refs/heads/${branch}`, per_page: 100 };
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/activity", asked);
    const ofHead = data.findIndex(({ after }) => after === headOid);
    if (ofHead === -1) return null;
    const since = data.slice(ofHead);
    const end = since.findIndex(({ activity_type }) => BEGINNINGS.includes(activity_type));
    if (end === -1) return null;
    const logins = since.slice(0, end + 1).map(({ actor }) => actor?.login ?? "");
    // The head may have stood there before, and have come back.
    const newest = ofHead === 0 ? data[0] : undefined;
    return {
      by: [...new Set(logins.filter((login) => login !== ""))],
      headAtMs: newest === undefined ? null : Date.parse(newest.timestamp),
    };
  } catch (error) {
    if (toForgeError(error, "reading who has pushed").code === "not-found") return null;
    throw error;
  }
}
