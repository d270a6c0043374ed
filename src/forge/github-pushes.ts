import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { Pushes } from "./plan-forge.ts";

/** Not a force push: "Update with rebase" is one too, and keeps what others have pushed. */
const BEGINNING = "branch_creation";

/**
 * Who has pushed what stands on a branch, and when, as GitHub itself has noted it: a commit's author and time are what its writer says.
 * From the push of this head back to where the branch was made. Null where GitHub does not tell: its notes may lag, servers of one's own may keep none, and
 * an account may be gone.
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
    const end = since.findIndex(({ activity_type }) => activity_type === BEGINNING);
    if (end === -1) return null;
    const actors = since.slice(0, end + 1).flatMap(({ actor }) => actor ?? []);
    if (actors.length <= end) return null;
    const loginsOf = (all: typeof actors) => [...new Set(all.map(({ login }) => login))];
    // The head may have stood there before, and have come back.
    const newest = ofHead === 0 ? data[0] : undefined;
    return {
      by: loginsOf(actors),
      bots: loginsOf(actors.filter(({ type }) => type !== "User")),
      headAtMs: newest === undefined ? null : Date.parse(newest.timestamp),
    };
  } catch (error) {
    if (toForgeError(error, "reading who has pushed").code === "not-found") return null;
    throw error;
  }
}
