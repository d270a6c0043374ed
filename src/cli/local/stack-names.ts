import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Checkout } from "../../apply/checkout.ts";
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
    if (entry !== null) formerPaths.add(formerStackFile(entry, place));
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
  const path = formerStackFile(entry, place);
  if (entry.project === place.project && path === place.stackFilePath) return false;
  const folder = join(place.root, dirname(path));
  const names = ["yaml", "yml"].map((extension) => join(folder, `Pulumi.${entry.stack}.${extension}`));
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
