import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Alias, type StackNames } from "../domain/names.ts";
import { safeJson } from "../domain/safe-json.ts";
import { folderError } from "./folder-error.ts";
import { digest, readDiskFile, replaceFile } from "./folder-file.ts";
import { ForgeError } from "./forge.ts";

const Location = z.union([
  z.object({ project: z.string(), configKey: z.string() }),
  z.object({ project: z.string(), configPath: z.string() }),
]);

/** A commit to the stack file of a folder without git. */
const JournalRecord = z.object({
  /** 40 hexadecimal digits. */
  id: z.string().regex(/^[0-9a-f]{40}$/),
  /** Headline and body. */
  message: z.string(),
  atMs: z.number(),
  moves: z.array(z.object({ location: Location, from: z.int(), to: z.int() })),
});
export type JournalRecord = z.infer<typeof JournalRecord>;

/** A commit of which nobody knows yet whether the stack file has it: `inode` is of the file that it is to replace. */
const PendingWrite = z.object({ id: z.string(), inode: z.string(), afterId: z.string(), text: z.string() });
export type PendingWrite = z.infer<typeof PendingWrite>;

/** Commits, oldest first, until they are long in Pulumi's own history. */
const Journal = z.object({
  schemaVersion: z.literal(1),
  records: z.array(JournalRecord),
  pending: PendingWrite.nullable(),
});
export type Journal = z.infer<typeof Journal>;

const MOST_RECORDS = 200;
const MOST_BYTES = 500_000;
/** Longer than any event is told from its repetition: what is younger keeps its own words. */
const KEPT_MS = 24 * 3_600_000;

/** Where the journal of a stack stands. */
export function journalPath(stateDir: string, alias: string): string {
  return join(stateDir, "journal", `${Alias.parse(alias)}.json`);
}

/**
 * Reads the journal of a stack: the one of its name, else the first under a former name; an empty one where there is none. Throws
 * `ForgeError` where it is not readable.
 */
export async function readJournal(
  stateDir: string,
  { alias, formerAliases = [] }: StackNames,
): Promise<Journal> {
  for (const name of [alias, ...formerAliases]) {
    const journal = await readJournalFile(journalPath(stateDir, name));
    if (journal !== null) return journal;
  }
  return { schemaVersion: 1, records: [], pending: null };
}

async function readJournalFile(path: string): Promise<Journal | null> {
  const { file } = await readDiskFile(path);
  if (file.kind === "missing") return null;
  const parsed = Journal.safeParse(file.kind === "text" ? safeJson(file.text) : undefined);
  if (parsed.success) return parsed.data;
  throw new ForgeError(
    "forbidden",
    `${path} is not readable, so nobody knows what was scaled last. Move it away: the history is then read from Pulumi's updates alone.`,
  );
}

/** Writes a journal, whole or not at all. Throws `ForgeError`. */
export async function writeJournal(path: string, journal: Journal): Promise<void> {
  const folder = dirname(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await lstat(folder)).isDirectory())
      throw new ForgeError("forbidden", `${folder} is no folder. Remove it.`);
  } catch (error) {
    throw folderError(error, "written", path);
  }
  await replaceFile(path, `${JSON.stringify(journal)}\n`, 0o600);
}

/** Without the records that an update names and that are old, and without the oldest of too many; the newest stays. */
export function pruneRecords(
  records: readonly JournalRecord[],
  named: ReadonlySet<string>,
  nowMs: number,
): JournalRecord[] {
  const kept = records.filter(
    ({ id, atMs }, index) => index === records.length - 1 || !named.has(id) || nowMs - atMs < KEPT_MS,
  );
  const fitting: JournalRecord[] = [];
  let bytes = 0;
  for (const record of kept.toReversed()) {
    bytes += Buffer.byteLength(JSON.stringify(record));
    if (fitting.length >= MOST_RECORDS || (bytes > MOST_BYTES && fitting.length > 0)) break;
    fitting.unshift(record);
  }
  return fitting;
}

/** The id of a commit: of what it says, when, and of the one before it. */
export function recordId(record: Omit<JournalRecord, "id">, parent: string, afterId: string): string {
  return digest(parent, afterId, String(record.atMs), record.message).slice(0, 40);
}

/** The id by which a stack file is compared and swapped: of its content, and of the last commit to it. */
export function folderHead(fileId: string, records: readonly JournalRecord[]): string {
  return digest(fileId, records.at(-1)?.id ?? "");
}
