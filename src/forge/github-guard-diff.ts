import type { GitHubClient } from "./github-octokit.ts";
import type { GuardDiff, PullHead } from "./guard-forge.ts";
import { hasHeadMark } from "./head-mark.ts";

/** GitHub names so many files of a comparison, and never more. */
const MOST_FILES = 300;
const COMMITS_PER_PAGE = 100;
/** Whoever pushes more commits than this at once is not asked who wrote each. */
const MOST_PAGES = 5;

/**
 * Compares a head with a base: one request, one more for each further hundred commits, and one for a single commit of an App's.
 */
export async function readGuardDiff(
  client: GitHubClient,
  head: PullHead,
  baseOid: string,
  markKey: Buffer,
): Promise<GuardDiff> {
  const { owner, repo, headOid } = head;
  const read = (page: number) =>
    client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner,
      repo,
      basehead: `${baseOid}...${headOid}`,
      per_page: COMMITS_PER_PAGE,
      page,
    });
  const { data } = await read(1);
  const commits = [...data.commits];
  for (let page = 2; commits.length < data.total_commits && page <= MOST_PAGES; page++)
    commits.push(...(await read(page)).data.commits);
  const files = data.files ?? [];
  const accounts = commits
    .flatMap(({ author, committer }) => [author, committer])
    .filter((account) => account !== null)
    .filter((account) => "login" in account);
  const writers = accounts
    .filter(({ type, login }) => type === "User" && login !== WEB_FLOW)
    .map(({ login }) => login);
  const isByBot = accounts.some(({ type }) => type === "Bot");
  const isOwn = isByBot && data.total_commits === 1 && (await isMarked(client, head, markKey));
  return {
    mergeBaseOid: data.merge_base_commit.sha,
    paths:
      files.length >= MOST_FILES
        ? null
        : new Set(
            files.flatMap(({ filename, previous_filename }) =>
              previous_filename === undefined ? [filename] : [filename, previous_filename],
            ),
          ),
    writers: [...new Set(writers)],
    isByBot: isByBot && !isOwn,
    isSigned: isOwn || commits.every(({ commit }) => commit.verification?.verified === true),
    isComplete: commits.length >= data.total_commits,
    headMessage: commits.find(({ sha }) => sha === headOid)?.commit.message ?? "",
  };
}

/** Whether the pull request says that we have made its head ourselves: as good as GitHub's signature. */
async function isMarked(
  client: GitHubClient,
  { owner, repo, number, headOid }: PullHead,
  markKey: Buffer,
): Promise<boolean> {
  const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
  const { data } = await client.request(route, { owner, repo, pull_number: number });
  const { head, base, body } = data;
  return hasHeadMark(markKey, { repository: String(base.repo.id), branch: head.ref, headOid }, body ?? "");
}

/** Who commits what was written in GitHub's own pages: nobody in particular. */
const WEB_FLOW = "web-flow";
