import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { MergeOutcome, MergeRequest } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** Right after a pull request is opened GitHub may not know yet whether it can be merged, and answers 405. */
const WAITS_MS = [500, 1000, 2000, 3000];

const Refused = z.object({ status: z.int(), message: z.string() });

/** Merges a pull request, bound to its head, with our own title and message. */
export async function mergeGitHubPull(
  client: Pick<GitHubClient, "request">,
  place: RepositoryName,
  request: MergeRequest,
): Promise<MergeOutcome> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await client.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
        owner: place.owner,
        repo: place.repo,
        pull_number: request.number,
        sha: request.headOid,
        merge_method: request.method,
        commit_title: request.title,
        commit_message: request.message,
      });
      return { kind: "merged", oid: answer.data.sha };
    } catch (error) {
      const outcome = refusedMerge(error);
      if (outcome === null) throw toForgeError(error, `merging pull request #${request.number}`);
      const waitMs = WAITS_MS[attempt];
      if (outcome !== "transient") return outcome;
      if (waitMs === undefined) return { kind: "waiting", message: messageOf(error) };
      await sleep(waitMs);
    }
  }
}

function refusedMerge(error: unknown): MergeOutcome | "transient" | null {
  const refused = Refused.safeParse(error);
  if (!refused.success) return null;
  const { status, message } = refused.data;
  if (status === 405) {
    if (/base branch was modified|try the merge again|not mergeable/i.test(message)) return "transient";
    if (/merge queue/i.test(message)) return { kind: "queue" };
    if (/out of date|not up to date|up-to-date/i.test(message)) return { kind: "behind", message };
    return { kind: "waiting", message };
  }
  if (status === 409 || status === 422 || status === 404) return { kind: "moved", message };
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
