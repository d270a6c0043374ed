import { z } from "zod";
import { findHeir, isLeftOver, type NamedEntry, namesInForce } from "../domain/former-aliases.ts";
import type { RepositoryFile } from "../domain/repository-file.ts";
import type { ListedStack, StackPlace } from "./forge.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { StackFilePath } from "./github-stack-file-paths.ts";

/** `formerPaths`: where its file stood before under the same alias, as its entry says. */
type FoundStack = { dir: string; formerPaths: readonly string[]; listed: ListedStack };
type Claimed = Pick<FoundStack, "listed" | "formerPaths"> & { entry: NamedEntry; heir: NamedEntry };

/** So many files are asked for in one query: GitHub bounds a query's nodes. */
const FILES_PER_QUERY = 50;
const Files = z.object({ repository: z.record(z.string(), z.unknown()) });

export type LedgerNames = {
  file: RepositoryFile;
  /** All aliases in the ledger, readable or not. */
  taken: readonly string[];
  pathOf: StackFilePath;
  /** Whether the entry under the former name counts as what this stack has left there. */
  isLeftBy: (former: string, heir: StackPlace) => Promise<boolean>;
};

/**
 * Gives each stack the former names that lead to it, with the paths at which its file stood before, and leaves out what a renamed stack has
 * left in the ledger. One more call where an entry has the former name of another stack, and else none.
 */
export async function nameStacks(
  client: GitHubClient,
  found: readonly FoundStack[],
  { file, taken, ...formerOf }: LedgerNames,
): Promise<{ named: ListedStack[]; leftOver: ReadonlySet<string> }> {
  const entries = found.map((stack) => ({ ...stack, entry: toNamedEntry(stack.listed, stack.dir, file) }));
  const all = entries.map(({ entry }) => entry);
  const claimed = entries.flatMap(({ listed, formerPaths, entry }): Claimed[] => {
    const heir = findHeir(entry.names.alias, all);
    return heir === null ? [] : [{ listed, formerPaths, entry, heir }];
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
  const staying = entries.filter(({ listed }) => !leftOver.has(listed.place.alias));
  const paths = new Set(staying.map(({ listed }) => listed.place.path));
  const left = claimed.filter(({ listed }) => leftOver.has(listed.place.alias));
  const named = await Promise.all(
    staying.map(async ({ listed, entry, formerPaths }) => {
      const formerAliases = namesInForce(entry.names, living, stillTaken);
      const own = formerAliases.length === 0 ? [] : left.filter(({ heir }) => heir === entry);
      const known = entry.trust === "accepted" ? formerPaths : [];
      const before = [...known, ...(await readFormerPaths(own, listed.place, formerOf))];
      const vacated = [...new Set(before)].filter((path) => !paths.has(path));
      const named = formerAliases.length === 0 ? {} : { formerAliases };
      const moved = vacated.length === 0 ? {} : { formerPaths: vacated };
      return { ...listed, place: { ...listed.place, ...named, ...moved } };
    }),
  );
  return { named, leftOver };
}

/** Where the stack's file stood under its former names, the latest first. */
async function readFormerPaths(
  left: readonly Claimed[],
  place: StackPlace,
  { pathOf, isLeftBy }: Pick<LedgerNames, "pathOf" | "isLeftBy">,
): Promise<string[]> {
  const latestFirst = left.toSorted(
    (one, other) => Date.parse(other.entry.publishedAt) - Date.parse(one.entry.publishedAt),
  );
  const paths: string[] = [];
  for (const { entry, heir, formerPaths } of latestFirst) {
    if (await isLeftBy(entry.names.alias, place)) paths.push(pathOf(entry, heir.dir), ...formerPaths);
  }
  return paths;
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
