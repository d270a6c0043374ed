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

/**
 * What the stack was called before, as the repository file says: without a name that another stack has, in the file or by what it has noted
 * in the state folder. Throws `ForgeError`.
 */
export async function readFormerAliases(
  repositoryFile: StackFile,
  ledger: LocalLedger,
  place: Place,
): Promise<string[]> {
  const former = namesInFile(parse(repositoryFile), place.alias).formerAliases ?? [];
  const own: string[] = [];
  for (const alias of former) {
    const { text } = await ledger.read(alias);
    const entry = text === null ? null : parseEntry(text);
    if (entry?.kind !== "entry" || !(await isAnother(entry.entry, place))) own.push(alias);
  }
  return own;
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
  const folder = posix.join(entry.dir, posix.relative(place.dir, posix.dirname(place.stackFilePath)));
  const files = ["yaml", "yml"].map((extension) =>
    join(place.root, folder, `Pulumi.${entry.stack}.${extension}`),
  );
  const found = await Promise.all(
    files.map((file) =>
      access(file).then(
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
