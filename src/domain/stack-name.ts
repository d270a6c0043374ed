import type { StackNames } from "./names.ts";
import type { RepositoryName } from "./repository-name.ts";

/** A stack as routes name it. `id` is `owner/repo/alias`, lower-cased: GitHub's names do not differ by case. */
export type StackName = StackNames & RepositoryName & { id: string };

export function stackName(
  owner: string,
  repo: string,
  alias: string,
  formerAliases: readonly string[] = [],
): StackName {
  const name = { id: idOf(owner, repo, alias), owner, repo, alias };
  return formerAliases.length === 0 ? name : { ...name, formerAliases };
}

/** The one of these that has the name, in any case, or had it before; a name of now wins over a former one. */
export function findCalled<T extends StackNames>(stacks: readonly T[], name: string): T | undefined {
  const wanted = name.toLowerCase();
  return (
    stacks.find(({ alias }) => alias.toLowerCase() === wanted) ??
    stacks.find(({ formerAliases = [] }) => formerAliases.some((former) => former.toLowerCase() === wanted))
  );
}

/** The one of these that is meant by a whole name, which may be a former one. */
export function findStack(stacks: readonly StackName[], meant: StackName): StackName | undefined {
  const { owner, repo, alias } = meant;
  const there = stacks.filter((stack) => idOf(stack.owner, stack.repo, "") === idOf(owner, repo, ""));
  return findCalled(there, alias);
}

function idOf(owner: string, repo: string, alias: string): string {
  return `${owner}/${repo}/${alias}`.toLowerCase();
}
