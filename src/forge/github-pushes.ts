import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { Pushes } from "./plan-forge.ts";

/** A branch that nobody ever deletes has no end of pushes. */
const MOST_PAGES = 5;

type Client = Pick<GitHubClient, "request">;
/** One move of a branch; `actor` is null where the account is gone. */
type Activity = {
  activity_type: string;
  after: string;
  timestamp: string;
  actor: { login: string; type: string } | null;
};

/**
 * Who has pushed what stands on a branch, and when, as GitHub itself has noted it: a commit's author and time are what its writer says.
 * From the push of this head back to where the branch was made, or made anew by the App whose login is `ownLogin`. Null where GitHub does
 * not tell: its notes may lag, servers of one's own may keep none, an account may be gone, or all of that may be further back than five
 * hundred pushes.
 */
export async function readPushes(
  client: Client,
  repository: RepositoryName,
  branch: string,
  headOid: string,
  ownLogin: string,
): Promise<Pushes | null> {
  const read: Activity[] = [];
  for await (const activity of readActivities(client, repository, branch)) {
    read.push(activity);
    if (isBeginning(activity, ownLogin)) return pushesOf(read, headOid);
  }
  return null;
}

/** When the head came that stands on a branch now, in milliseconds, to the second; null where GitHub does not tell. */
export async function readPushTime(
  client: Client,
  repository: RepositoryName,
  branch: string,
  headOid: string,
): Promise<number | null> {
  // Only the newest: the head may have stood there before, and have come back.
  for await (const { after, timestamp } of readActivities(client, repository, branch))
    return after === headOid ? Date.parse(timestamp) : null;
  return null;
}

/** Not anybody's force push: "Update with rebase" is one too, and keeps what others have pushed. What the App forces is all its own. */
function isBeginning({ activity_type, actor }: Activity, ownLogin: string): boolean {
  const isOurs = actor?.type === "Bot" && actor.login === ownLogin;
  return activity_type === "branch_creation" || (activity_type === "force_push" && isOurs);
}

function pushesOf(read: readonly Activity[], headOid: string): Pushes | null {
  const ofHead = read.findIndex(({ after }) => after === headOid);
  if (ofHead === -1) return null;
  const since = read.slice(ofHead);
  const actors = since.flatMap(({ actor }) => actor ?? []);
  if (actors.length < since.length) return null;
  const loginsOf = (all: typeof actors) => [...new Set(all.map(({ login }) => login))];
  // The head may have stood there before, and have come back.
  const newest = ofHead === 0 ? read[0] : undefined;
  return {
    by: loginsOf(actors),
    bots: loginsOf(actors.filter(({ type }) => type !== "User")),
    headAtMs: newest === undefined ? null : Date.parse(newest.timestamp),
  };
}

/** The moves of a branch, newest first: one call for each hundred that is read, and of five hundred at most. */
async function* readActivities(
  client: Client,
  { owner, repo }: RepositoryName,
  branch: string,
): AsyncGenerator<Activity> {
  let page: Record<string, string | number> = { ref: `refs/heads/${branch}`, per_page: 100 };
  try {
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { data, headers } = await client.request("GET /repos/{owner}/{repo}/activity", {
        ...{ owner, repo },
        ...page,
      });
      yield* data;
      const next = nextPage(headers.link ?? "");
      if (next === null) return;
      page = { ...page, ...next };
    }
  } catch (error) {
    if (toForgeError(error, "reading who has pushed").code !== "not-found") throw error;
  }
}

/** What to ask for next, as GitHub says it. */
function nextPage(link: string): Record<string, string> | null {
  const next = link.split(",").find((part) => part.endsWith('rel="next"'));
  const url = URL.parse(next?.slice(next.indexOf("<") + 1, next.indexOf(">")) ?? "");
  return url === null ? null : Object.fromEntries(url.searchParams);
}
