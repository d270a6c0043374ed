import type { StackNames } from "./names.ts";
import type { RepositoryFile } from "./repository-file.ts";

/** A stack that says what it was called before, and an entry of the ledger that may be left of that time. */
export type NamedEntry = {
  names: StackNames;
  project: string;
  stack: string;
  dir: string;
  /** ISO 8601. */
  publishedAt: string;
  /** Whether the entry counts. */
  trust: "accepted" | "refused";
};

/** The stack that names the alias as a former one of its own, where exactly one whose entry counts does so. */
export function findHeir(alias: string, entries: readonly NamedEntry[]): NamedEntry | null {
  const wanted = alias.toLowerCase();
  const [heir, other] = entries.filter(
    ({ names, trust }) =>
      trust === "accepted" &&
      names.alias.toLowerCase() !== wanted &&
      names.formerAliases?.some((former) => former.toLowerCase() === wanted),
  );
  return heir === undefined || other !== undefined ? null : heir;
}

/**
 * Whether an entry under a former name is what is left of a renamed stack: of the same Pulumi stack, and replaced by a newer one; or
 * of a stack whose file is gone. An entry of a stack that lives never is, whoever names it.
 */
export function isLeftOver(entry: NamedEntry, heir: NamedEntry, stackFile: "there" | "gone"): boolean {
  if (stackFile === "gone") return true;
  const isSame = entry.project === heir.project && entry.stack === heir.stack && entry.dir === heir.dir;
  const isOlder = Date.parse(entry.publishedAt) <= Date.parse(heir.publishedAt);
  return isSame && (isOlder || entry.trust === "refused");
}

/** The former names that still lead to the stack: none that an entry of the ledger has now, and none that two stacks name. */
export function namesInForce(
  { alias, formerAliases = [] }: StackNames,
  all: readonly StackNames[],
  taken: readonly string[],
): string[] {
  const others = all.filter((other) => other.alias !== alias);
  const closed = new Set(
    [...taken, alias, ...others.flatMap((other) => other.formerAliases ?? [])].map((name) =>
      name.toLowerCase(),
    ),
  );
  return [...new Set(formerAliases)].filter((former) => !closed.has(former.toLowerCase()));
}

/** What a stack is called, and was called before, as the repository file alone says: a name that another stack has in it is not one of these. */
export function namesInFile({ stacks = {} }: RepositoryFile, alias: string): StackNames {
  const all = Object.entries(stacks).map(([name, { formerAliases }]) => ({ alias: name, formerAliases }));
  const own = { alias, formerAliases: stacks[alias]?.formerAliases };
  return { alias, formerAliases: namesInForce(own, all, Object.keys(stacks)) };
}
