import { z } from "zod";
import { findHeir, isLeftOver, type NamedEntry, namesInForce } from "../domain/former-aliases.ts";
import type { RepositoryFile } from "../domain/repository-file.ts";
import type { ListedStack } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";

type FoundStack = { dir: string; listed: ListedStack };
type Claimed = { listed: ListedStack; entry: NamedEntry; heir: NamedEntry };

/** So many files are asked for in one query: GitHub bounds a query's nodes. */
const FILES_PER_QUERY = 50;
const Files = z.object({ repository: z.record(z.string(), z.unknown()) });

/**
 * Gives each stack the former names that lead to it, and leaves out what a renamed stack has left in the ledger. `taken` are all aliases
 * in the ledger, readable or not. One more call where an entry has the former name of another stack, and else none.
 */
export async function nameStacks(
  client: GitHubClient,
  found: readonly FoundStack[],
  { file, taken }: { file: RepositoryFile; taken: readonly string[] },
): Promise<{ named: ListedStack[]; leftOver: ReadonlySet<string> }> {
  const entries = found.map(({ dir, listed }) => ({ listed, entry: toNamedEntry(listed, dir, file) }));
  const all = entries.map(({ entry }) => entry);
  const claimed = entries.flatMap(({ listed, entry }): Claimed[] => {
    const heir = findHeir(entry.names.alias, all);
    return heir === null ? [] : [{ listed, entry, heir }];
  });
  const gone = await readGone(
    client,
    claimed.filter(({ entry, heir }) => !isLeftOver(entry, heir, "there")).map(({ listed }) => listed),
  );
  const leftOver = new Set(
    claimed
      .filter(({ listed, entry, heir }) =>
        isLeftOver(entry, heir, gone.has(listed.place.alias) ? "gone" : "there"),
      )
      .map(({ listed }) => listed.place.alias),
  );
  const living = all.filter(({ names }) => !leftOver.has(names.alias)).map(({ names }) => names);
  const stillTaken = taken.filter((alias) => !leftOver.has(alias));
  const named = entries
    .filter(({ listed }) => !leftOver.has(listed.place.alias))
    .map(({ listed, entry }) => {
      const formerAliases = namesInForce(entry.names, living, stillTaken);
      return formerAliases.length === 0 ? listed : { ...listed, place: { ...listed.place, formerAliases } };
    });
  return { named, leftOver };
}

function toNamedEntry(
  { place, publishedAt, refusal }: ListedStack,
  dir: string,
  { stacks = {} }: RepositoryFile,
): NamedEntry {
  const { alias, project, stack } = place;
  const names = { alias, formerAliases: stacks[alias]?.formerAliases };
  return { names, project, stack, dir, publishedAt, trust: refusal === null ? "accepted" : "refused" };
}

/** The aliases of those stacks whose file is not on their base branch. */
async function readGone(client: GitHubClient, stacks: readonly ListedStack[]): Promise<Set<string>> {
  const gone = new Set<string>();
  for (let from = 0; from < stacks.length; from += FILES_PER_QUERY) {
    const some = stacks.slice(from, from + FILES_PER_QUERY).map(({ place }) => place);
    const [first] = some;
    if (first === undefined) break;
    const variables = some.map((_, index) => `$f${index}: String!`).join(", ");
    const fields = some.map((_, index) => `f${index}: object(expression: $f${index}) { oid }`).join(" ");
    const query = `query StackFiles($owner: String!, $repo: String!, ${variables}) { repository(owner: $owner, name: $repo) { ${fields} } }`;
    const expressions = some.map(({ branch, path }, index) => [`f${index}`, `${branch}:${path}`]);
    const { owner, repo } = first;
    const answer = Files.parse(
      await client.graphql(query, { owner, repo, ...Object.fromEntries(expressions) }),
    );
    for (const [index, { alias }] of some.entries())
      if (answer.repository[`f${index}`] === null) gone.add(alias);
  }
  return gone;
}
