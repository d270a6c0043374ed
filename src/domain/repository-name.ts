/** A repository, as its URL names it. */
export type RepositoryName = { owner: string; repo: string };

/** One name for a repository however it is written: GitHub's names do not differ by case. */
export function repositoryKey({ owner, repo }: RepositoryName): string {
  return `${owner}/${repo}`.toLowerCase();
}
