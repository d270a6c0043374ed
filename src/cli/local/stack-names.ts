import { access } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Checkout } from "../../apply/checkout.ts";
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
 * in the state folder. Throws `ForgeError`.
 */
export async function readFormerNames(
  repositoryFile: StackFile,
  ledger: LocalLedger,
  place: Place,
): Promise<FormerNames> {
  const former = namesInFile(parse(repositoryFile), place.alias).formerAliases ?? [];
  const formerAliases: string[] = [];
  const formerPaths = new Set<string>();
  for (const alias of former) {
    const { text } = await ledger.read(alias);
    const parsed = text === null ? null : parseEntry(text);
    const entry = parsed?.kind === "entry" ? parsed.entry : null;
    if (entry !== null && (await isAnother(entry, place))) continue;
    formerAliases.push(alias);
    if (entry !== null) formerPaths.add(stackFilesOf(entry, place).alike);
  }
  formerPaths.delete(place.stackFilePath);
  return { formerAliases, formerPaths: [...formerPaths] };
}

/** The alias that the repository file gives this stack, so that the app later calls it the same; null where it gives none. */
export function aliasInFile(file: StackFile, { stack, dir }: Pick<Checkout, "stack" | "dir">): string | null {
  const { stacks = {} } = parse(file);
  const found = Object.entries(stacks).find(
    ([, settings]) => settings.stack === stack && (settings.dir ?? ".").replace(/(?<!\/)\/+$/, "") === dir,
  );
  return found?.[0] ?? null;
}

/** Whether an entry is of another stack than this one, of which the file is there. */
async function isAnother(entry: LedgerEntry, place: Place): Promise<boolean> {
  if (entry.project === place.project && entry.stack === place.stack && entry.dir === place.dir) return false;
  const found = await Promise.all(
    stackFilesOf(entry, place).either.map((file) =>
      access(join(place.root, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Where an entry's stack file stands or stood, from its folder as this stack's does: with this one's extension, and with either. */
function stackFilesOf({ dir, stack }: LedgerEntry, place: Place): { alike: string; either: string[] } {
  const folder = posix.join(dir, posix.relative(place.dir, posix.dirname(place.stackFilePath)));
  const pathOf = (extension: string) => posix.join(folder, `Pulumi.${stack}${extension}`);
  return { alike: pathOf(posix.extname(place.stackFilePath)), either: [pathOf(".yaml"), pathOf(".yml")] };
}

/** One that cannot be used says nothing here; each decision tells what is wrong with it. */
function parse(file: StackFile): RepositoryFile {
  const parsed = parseRepositoryFile(file.kind === "text" ? file.text : null);
  return parsed.kind === "good" ? parsed.file : {};
}
