import { REJECTED_LABEL } from "../domain/labels.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { ClosingPull } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { labelGitHubPull } from "./github-open-pull.ts";
import { writeGitHubNote } from "./github-standing.ts";
import { withRejectMark } from "./reject-mark.ts";

/** Closes a pull request, leaves its branch as it is, and says why. The order is such that a "no" that is half done is none. */
export async function closeGitHubPull(
  client: GitHubClient,
  place: RepositoryName,
  { number, why, rejectedBy }: ClosingPull,
  markKey: Buffer,
): Promise<void> {
  const { owner, repo } = place;
  const pull = { owner, repo, pull_number: number };
  const route = "/repos/{owner}/{repo}/pulls/{pull_number}";
  if (rejectedBy === null) {
    await client.request(`PATCH ${route}`, { ...pull, state: "closed" });
  } else {
    await labelGitHubPull(client, place, number, [REJECTED_LABEL]);
    const { data } = await client.request(`GET ${route}`, pull);
    const rejection = { repository: String(data.base.repo.id), number, by: rejectedBy };
    const body = withRejectMark(markKey, rejection, data.body ?? "");
    await client.request(`PATCH ${route}`, { ...pull, state: "closed", body });
  }
  await writeGitHubNote(client, place, number, null, why);
}
