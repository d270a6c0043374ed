import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { FileCommit, Snapshot, StackFile } from "../domain/snapshot.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { entryPath, type LedgerEntry } from "../ledger/entry.ts";
import { withFileLock } from "./file-lock.ts";
import { folderError } from "./folder-error.ts";
import {
  type DiskFile,
  digest,
  makeStateFolder,
  readDiskFile,
  replaceFile,
  temporaryOf,
} from "./folder-file.ts";
import { type FolderUpdate, foldHistory, isNamedBy } from "./folder-history.ts";
import {
  folderHead,
  type Journal,
  type JournalRecord,
  journalPath,
  pruneRecords,
  readJournal,
  recordId,
  writeJournal,
} from "./folder-journal.ts";
import { unappliedEdit } from "./folder-unapplied-edit.ts";
import { type CommitForge, type FileCommitRequest, ForgeError, type StackPlace } from "./forge.ts";
import { readFormerLocalEntry } from "./former-local-entry.ts";
import { readLocalControls } from "./local-controls.ts";

export type FolderForgeOptions = {
  /** The program's directory, absolute; the stack file's path is from here. */
  workDir: string;
  /** Where PulumiScale keeps what belongs to this directory. */
  stateDir: string;
  /** The newest of Pulumi's updates of the stack, newest first; fewer than `count` where there are no more. */
  readUpdates: (count: number) => Promise<readonly FolderUpdate[]>;
  clock: Clock;
};

/** What was found and mended at the start. */
export type Healing =
  | { kind: "clean" }
  /** A commit that was written down had not reached the stack file: it has now. */
  | { kind: "healed"; commit: string; sentence: string }
  /** Somebody has written the file since: the commit is given up, and the file stays as it is. */
  | { kind: "dropped"; commit: string; sentence: string };

/** A look at the history costs a process, however much it reads: few at first, then as many as anyone has. */
const PAGES = [20, 400] as const;

/**
 * A directory that is in no git: the stack file on the disk is what is committed, and Pulumi's own update history, with a journal
 * of what it does not have yet, is its history.
 */
export class FolderForge implements CommitForge {
  readonly #options: FolderForgeOptions;

  constructor(options: FolderForgeOptions) {
    this.#options = options;
  }

  /** One Pulumi process, and one more where twenty updates do not reach back far enough. */
  async readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot> {
    const readAtMs = this.#options.clock();
    const { workDir, stateDir } = this.#options;
    const { updates, isComplete } = await this.#readUpdates(readAtMs - historyWindowMs);
    // The journal first: where a commit comes between the two reads, the head is one that no write will find.
    const journal = await readJournal(stateDir, place);
    const [disk, ledgerEntry, repositoryFile] = await Promise.all([
      readDiskFile(join(workDir, place.path)),
      readLedgerEntry(stateDir, place),
      readDiskFile(join(workDir, ".github/pulumiscale.yml")),
    ]);
    const controls = await readLocalControls(stateDir, place);
    const records = writtenRecords(journal, disk);
    const history = foldHistory({ updates, isComplete, records, names: place });
    const byHand = unappliedEdit(history, disk, ledgerEntry, place.project);
    return {
      readAtMs,
      repositoryId: "local",
      repositoryNumber: "",
      headOid: folderHead(disk.id, records),
      file: disk.file,
      history: byHand === null ? history : [byHand, ...history],
      inRange: null,
      gated: new Map(),
      reverts: new Map(),
      rejected: [],
      ledgerEntry,
      earlierLedgerEntries: [],
      controls,
      repositoryFile: repositoryFile.file,
      mergeMethods: [],
    };
  }

  /** The commits to the stack file, newest first, since a moment at least; `isComplete` where there are no more. */
  async readCommits(
    place: Pick<StackPlace, "alias" | "formerAliases" | "path">,
    sinceMs: number,
  ): Promise<{ commits: FileCommit[]; isComplete: boolean }> {
    const { workDir, stateDir } = this.#options;
    const { updates, isComplete } = await this.#readUpdates(sinceMs);
    const journal = await readJournal(stateDir, place);
    const records = writtenRecords(journal, await readDiskFile(join(workDir, place.path)));
    const reachesBack = isComplete || (updates.at(-1)?.startedAtMs ?? 0) <= sinceMs;
    return { commits: foldHistory({ updates, isComplete, records, names: place }), isComplete: reachesBack };
  }

  /** The stack file on the disk, and the id of the last commit to it; null before the first. */
  async readStackFile(
    place: Pick<StackPlace, "alias" | "formerAliases" | "path">,
  ): Promise<{ file: StackFile; lastCommit: string | null }> {
    const { workDir, stateDir } = this.#options;
    const journal = await readJournal(stateDir, place);
    const disk = await readDiskFile(join(workDir, place.path));
    return { file: disk.file, lastCommit: writtenRecords(journal, disk).at(-1)?.id ?? null };
  }

  /**
   * Writes the commit down in the journal, then the stack file; both are on the disk when it answers the commit's id. Throws
   * `ForgeError` `conflict` where the file, or the last commit to it, is not the one of `expectedHeadOid`.
   */
  async commit(place: StackPlace, request: FileCommitRequest): Promise<string> {
    const { clock } = this.#options;
    return this.#alone(place, async (stillHeld) => {
      const path = journalPath(this.#options.stateDir, place.alias);
      const stackFile = join(this.#options.workDir, request.path);
      await this.#heal(place);
      const journal = await readJournal(this.#options.stateDir, place);
      const disk = await readDiskFile(stackFile);
      if (folderHead(disk.id, journal.records) !== request.expectedHeadOid || disk.file.kind !== "text")
        throw moved(request.path);
      const said = {
        message: `${request.headline}\n\n${request.body}`,
        atMs: clock(),
        moves: movesOf(disk.file.text, request),
      };
      const afterId = digest(Buffer.from(request.text));
      const id = recordId(said, request.expectedHeadOid, afterId);
      const records = [...(await this.#prune(journal.records, place)), { id, ...said }];
      const pending = { id, inode: disk.inode, afterId, text: request.text };
      await writeJournal(path, { schemaVersion: 1, records, pending });
      const isStill = async () => {
        await stillHeld();
        return isSame(await readDiskFile(stackFile), disk);
      };
      const written = await replaceFile(stackFile, request.text, disk.mode, isStill).catch(
        async (error: unknown) => {
          // Nothing was written, so nothing is to be finished; where that cannot be told, the next start looks.
          if (await isStill()) await writeJournal(path, journal);
          throw error;
        },
      );
      await writeJournal(path, written === "moved" ? journal : { schemaVersion: 1, records, pending: null });
      if (written === "moved") throw moved(request.path);
      return id;
    });
  }

  /** Brings a commit to its end that a killed process had only begun. Throws `ForgeError`. */
  async heal(place: StackPlace): Promise<Healing> {
    return this.#alone(place, () => this.#heal(place));
  }

  async #heal(place: StackPlace): Promise<Healing> {
    const path = journalPath(this.#options.stateDir, place.alias);
    const stackFile = join(this.#options.workDir, place.path);
    const journal = await readJournal(this.#options.stateDir, place);
    await rm(temporaryOf(stackFile), { force: true }).catch(() => {});
    const { pending } = journal;
    if (pending === null) return { kind: "clean" };
    const { id: commit } = pending;
    const disk = await readDiskFile(stackFile);
    const before = { ...disk, inode: pending.inode };
    const isStill = async () => isSame(await readDiskFile(stackFile), before);
    if (disk.id !== pending.afterId && (await isStill())) {
      if ((await replaceFile(stackFile, pending.text, disk.mode, isStill)) === "replaced") {
        await writeJournal(path, { ...journal, pending: null });
        const sentence = `Commit ${commit.slice(0, 7)} was written down and had not reached ${place.path}: it was finished.`;
        return { kind: "healed", commit, sentence };
      }
    } else if (disk.id === pending.afterId) {
      await writeJournal(path, { ...journal, pending: null });
      return { kind: "clean" };
    }
    const records = journal.records.filter(({ id }) => id !== commit);
    await writeJournal(path, { ...journal, records, pending: null });
    const sentence = `${place.path} was edited while commit ${commit.slice(0, 7)} was under way: the edit stays, the commit was given up. Its sender has had no answer and comes again.`;
    return { kind: "dropped", commit, sentence };
  }

  /** The updates since a moment, and one before it: that one says what stood before. */
  async #readUpdates(sinceMs: number): Promise<{ updates: readonly FolderUpdate[]; isComplete: boolean }> {
    let updates: readonly FolderUpdate[] = [];
    for (const count of PAGES) {
      updates = await this.#options.readUpdates(count).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new ForgeError("unavailable", `Pulumi's update history could not be read: ${why}`, {
          cause: error,
        });
      });
      if (updates.length < count) return { updates, isComplete: true };
      if ((updates.at(-1)?.startedAtMs ?? 0) <= sinceMs) break;
    }
    return { updates, isComplete: false };
  }

  /** Pulumi is asked only where the journal is long: until then it does no harm. */
  async #prune(records: readonly JournalRecord[], place: StackPlace): Promise<JournalRecord[]> {
    if (records.length < PRUNE_FROM) return [...records];
    const { updates } = await this.#readUpdates(0);
    const named = records.filter((record) => updates.some((update) => isNamedBy(record, update, place)));
    return pruneRecords(records, new Set(named.map(({ id }) => id)), this.#options.clock());
  }

  async #alone<T>(place: StackPlace, work: (stillHeld: () => Promise<void>) => Promise<T>): Promise<T> {
    const { stateDir, clock } = this.#options;
    await makeStateFolder(stateDir);
    try {
      return await withFileLock(join(stateDir, `${place.alias}.lock`), clock, work);
    } catch (error) {
      throw folderError(error, "locked", stateDir);
    }
  }
}

async function readLedgerEntry(stateDir: string, place: StackPlace): Promise<string | null> {
  const read = async (alias: string) => {
    const { file } = await readDiskFile(join(stateDir, entryPath(alias)));
    return file.kind === "text" ? file.text : null;
  };
  return (await read(place.alias)) ?? readFormerLocalEntry(place, read, (entry) => isOf(place, entry));
}

function isOf({ project, stack }: StackPlace, entry: LedgerEntry): boolean {
  return entry.project === project && entry.stack === stack;
}

const PRUNE_FROM = 100;

/** Without the one that has not reached the stack file yet. */
function writtenRecords({ records, pending }: Journal, disk: DiskFile): JournalRecord[] {
  if (pending === null || pending.inode !== disk.inode || disk.id === pending.afterId) return records;
  return records.filter(({ id }) => id !== pending.id);
}

/** The very file, and with the same content: the system's clock is too coarse to tell two quick writes apart. */
function isSame(one: DiskFile, other: DiskFile): boolean {
  return one.inode === other.inode && one.id === other.id;
}

function movesOf(before: string, { edits }: FileCommitRequest): JournalRecord["moves"] {
  return edits.flatMap(({ location, value: to }) => {
    const read = readPoolValue(before, location);
    return read.kind === "value" ? [{ location, from: read.value, to }] : [];
  });
}

function moved(path: string): ForgeError {
  return new ForgeError("conflict", `${path} is not what it was when this was decided.`);
}
