import { setTimeout as sleep } from "node:timers/promises";
import { ForgeError, type PullRequestDraft, type StackPlace } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";

/** Right after a branch was written GitHub may not see it yet (422); and any answer may be lost. */
const WAITS_MS = [300, 1000];

type Opened = {
  number: number;
  body: string | null;
  html_url: string;
  head: { sha: string };
  base: { sha: string };
};
/** The repository, and the base branch there. */
type PullPlace = Pick<StackPlace, "owner" | "repo" | "branch">;
/** A pull request's words; `stage` is `ready` unless given. */
type PullWords = Pick<PullRequestDraft, "title" | "body" | "branch" | "labels"> & {
  stage?: "draft" | "ready";
};

/**
 * Opens the pull request of a branch whose head we have just written, with its labels. An answer that was lost is found
 * again, so that what is open is never taken for a failure.
 */
export async function openGitHubPull(
  client: Pick<GitHubClient, "request">,
  place: PullPlace,
  draft: PullWords,
  headOid: string,
): Promise<Opened> {
  const { owner, repo } = place;
  const { title, body, branch: head } = draft;
  const opened = await tryAgain(
    async (): Promise<Opened> => {
      const answer = await client.request("POST /repos/{owner}/{repo}/pulls", {
        owner,
        repo,
        title,
        body,
        head,
        base: place.branch,
        ...(draft.stage === "draft" ? { draft: true } : {}),
      });
      return answer.data;
    },
    () => findPull(client, place, head, headOid),
  );
  if (opened.head.sha !== headOid) {
    const message = `The branch ${head} moved while its pull request was opened; it is read and decided again.`;
    throw new ForgeError("conflict", message);
  }
  // Found, it may be another replica's, with the words of a commit that is not there any more.
  if (opened.body !== body) await updateGitHubPull(client, place, opened.number, { title, body });
  if (draft.labels.length > 0) await labelGitHubPull(client, place, opened.number, draft.labels);
  return opened;
}

/** Gives a pull request these words. Answers whether it is open. */
export async function updateGitHubPull(
  client: Pick<GitHubClient, "request">,
  { owner, repo }: Omit<PullPlace, "branch">,
  number: number,
  text: { title: string; body: string },
): Promise<boolean> {
  const { data } = await client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", {
    owner,
    repo,
    pull_number: number,
    ...text,
  });
  return data.state === "open";
}

/** Puts labels on a pull request; those that are there stay. */
export async function labelGitHubPull(
  client: Pick<GitHubClient, "request">,
  { owner, repo }: Omit<PullPlace, "branch">,
  number: number,
  labels: readonly string[],
): Promise<void> {
  await tryAgain(() =>
    client.request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
      owner,
      repo,
      issue_number: number,
      labels: [...labels],
    }),
  );
}

async function findPull(
  client: Pick<GitHubClient, "request">,
  { owner, repo, branch }: PullPlace,
  head: string,
  headOid: string,
): Promise<Opened | undefined> {
  const answer = await client.request("GET /repos/{owner}/{repo}/pulls", {
    owner,
    repo,
    head: `${owner}:${head}`,
    base: branch,
    state: "open",
  });
  return answer.data.find((pull) => pull.head.sha === headOid);
}

/** Does it, a few times where it may work yet; `find` looks whether it was done though it seemed to fail. */
async function tryAgain<T>(act: () => Promise<T>, find?: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const { code } = toForgeError(error, "opening a pull request");
      const waitMs = WAITS_MS[attempt];
      if (waitMs === undefined || (code !== "unavailable" && code !== "conflict")) throw error;
      await sleep(waitMs);
      const done = await find?.();
      if (done !== undefined) return done;
    }
  }
}
