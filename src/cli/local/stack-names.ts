import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Checkout } from "../../apply/checkout.ts";
import { formerPathsAfter } from "../../apply/former-paths.ts";
import { formerStackFile } from "../../apply/former-stack-file.ts";
import { namesInFile } from "../../domain/former-aliases.ts";
import { parseRepositoryFile, type RepositoryFile } from "../../domain/repository-file.ts";
import type { StackFile } from "../../domain/snapshot.ts";
import type { LocalLedger } from "../../forge/local-ledger.ts";
import { type LedgerEntry, parseEntry } from "../../ledger/entry.ts";

type Place = Pick<Checkout, "project" | "stack" | "dir" | "stackFilePath"> & {
  alias: string;
  /** Paths are from here. */
  root: string;
};

/** What a stack was called before, and the paths at which its file stood then and stands no more. */
export type FormerNames = { formerAliases: string[]; formerPaths: string[] };

/**
 * What the stack was called before, as the repository file says: without a name that another stack has, in the file or by what it has noted
 * in the state folder. And where its file stood, by what is noted under its name and the former ones. Throws `ForgeError`.
 */
export async function readFormerNames(
  repositoryFile: StackFile,
  ledger: LocalLedger,
  place: Place,
): Promise<FormerNames> {
  const former = namesInFile(parse(repositoryFile), place.alias).formerAliases ?? [];
  const formerAliases: string[] = [];
  const own = await readOwn(ledger, place);
  const before = [...(formerPathsAfter(own, place).formerPaths ?? [])];
  for (const alias of former) {
    const { text } = await ledger.read(alias);
    const parsed = text === null ? null : parseEntry(text);
    const entry = parsed?.kind === "entry" ? parsed.entry : null;
    if (entry !== null && (await isAnother(entry, place))) continue;
    formerAliases.push(alias);
    before.push(...(formerPathsAfter(entry, place).formerPaths ?? []));
  }
  const formerPaths: string[] = [];
  for (const path of new Set(before)) if (!(await isThere(place, path))) formerPaths.push(path);
  return { formerAliases, formerPaths };
}

/** The alias that the repository file gives this stack, so that the app later calls it the same; null where it gives none. */
export function aliasInFile(file: StackFile, { stack, dir }: Pick<Checkout, "stack" | "dir">): string | null {
  const { stacks = {} } = parse(file);
  const found = Object.entries(stacks).find(
    ([, settings]) => settings.stack === stack && (settings.dir ?? ".").replace(/(?<!\/)\/+$/, "") === dir,
  );
  return found?.[0] ?? null;
}

/** What is noted under the stack's own name; null where it is of another stack. Whoever needs it tells that it cannot be read. */
async function readOwn(ledger: LocalLedger, place: Place): Promise<LedgerEntry | null> {
  const { text } = await ledger.read(place.alias).catch(() => ({ text: null }));
  const parsed = text === null ? null : parseEntry(text);
  if (parsed?.kind !== "entry" || parsed.entry.project !== place.project) return null;
  return (await isAnother(parsed.entry, place)) ? null : parsed.entry;
}

/** Whether an entry is of another stack than this one, of which the file is there. */
async function isAnother(entry: LedgerEntry, place: Place): Promise<boolean> {
  const path = formerStackFile(entry, place);
  if (entry.project === place.project && path === place.stackFilePath) return false;
  return isThere(place, path);
}

/** Whether there is a stack file at the path, with either extension. */
async function isThere({ root }: Place, path: string): Promise<boolean> {
  const name = join(root, path).replace(/\.ya?ml$/, "");
  const names = ["yaml", "yml"].map((extension) => `${name}.${extension}`);
  const found = await Promise.all(
    names.map((name) =>
      access(name).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** One that cannot be used says nothing here; each decision tells what is wrong with it. */
function parse(file: StackFile): RepositoryFile {
  const parsed = parseRepositoryFile(file.kind === "text" ? file.text : null);
  return parsed.kind === "good" ? parsed.file : {};
}
