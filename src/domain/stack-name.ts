/** A stack as routes name it. `id` is `owner/repo/alias`, lower-cased: GitHub's names do not differ by case. */
export type StackName = { id: string; owner: string; repo: string; alias: string };

export function stackName(owner: string, repo: string, alias: string): StackName {
  return { id: `${owner}/${repo}/${alias}`.toLowerCase(), owner, repo, alias };
}
