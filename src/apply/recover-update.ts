import { lstat, readFile, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { type EngineReport, parseEventLog } from "./engine-events.ts";
import { type LockFinding, removeOwnLocks } from "./own-lock.ts";
import { isRunFolder, removeDeadFolders } from "./owned-folder.ts";
import { formatPending, type PendingOperation, readPendingOperations } from "./pending-operations.ts";
import { locateProcess } from "./process-identity.ts";
import type { PulumiSettings } from "./pulumi-process.ts";
import { readStateBackend } from "./state-backend.ts";
import {
  type FoundRecord,
  readUpdateRecords,
  removeUpdateRecord,
  type UpdateRecord,
} from "./update-record.ts";

export type RecoverOptions = Pick<PulumiSettings, "workDir" | "environment" | "signal"> & {
  /** The folder that the updates of this stack were given as `recordFolder`. */
  recordFolder: string;
  /** As Pulumi.yaml has it. */
  project: string;
  /** Is told each outcome as soon as it is so, and each ten seconds what is waited for. */
  say: (sentence: string) => void;
  clock?: Clock;
};

/**
 * What became of an update that did not end under the eyes of who had started it. Each has a sentence for people.
 * `finished`: it went on alone and came to its end; `killed`: it did not. Both carry what the engine still had said.
 * `elsewhere`: whether it still runs cannot be seen from here.
 */
export type Recovered =
  | { kind: "finished" | "killed"; report: EngineReport; sentence: string }
  | { kind: "leftovers-ended"; processes: number; sentence: string }
  | { kind: "pending-operation"; operation: PendingOperation; sentence: string }
  | { kind: "waited" | "elsewhere" | "unreadable-record"; sentence: string }
  | LockFinding;

/**
 * Brings a stack back to where it can be updated, after an update whose starter, or which itself, was killed. To be
 * called before the first update and before each one; where nothing is on record it starts no process. An update that still runs is
 * waited for. Only then is its lock removed, if it is surely its own, and what is pending in the state reported. It may itself be killed at any
 * point: the record goes last, so the next call does again what is left. Throws `UpdateRecordError`, `PulumiReadError`,
 * `PulumiMissingError`, and the signal's reason; the record then stays.
 */
export async function recoverUpdate(options: RecoverOptions): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  const note = (...found: readonly Recovered[]) => {
    for (const one of found) options.say(one.sentence);
    recovered.push(...found);
  };
  for (const found of await readUpdateRecords(options.recordFolder)) {
    options.signal?.throwIfAborted();
    if (found.record === null) {
      const sentence = `${found.path} is no record of an update that this version can read: it is removed.`;
      note({ kind: "unreadable-record", sentence });
      await removeUpdateRecord(found.path);
      continue;
    }
    await recoverOne(found.path, found.record, options, note);
  }
  await removeForgotten(options.recordFolder);
  return recovered;
}

/** What was killed beside an update, or before it began, has left its folders: copies of the stack file, what Pulumi said. */
async function removeForgotten(recordFolder: string): Promise<void> {
  const records = (await readUpdateRecords(recordFolder)).flatMap(({ record }) => record ?? []);
  await removeDeadFolders(recordFolder, new Set(records.map(({ eventLog }) => dirname(eventLog))));
}

type Note = (...found: readonly Recovered[]) => void;

async function recoverOne(
  path: string,
  record: UpdateRecord,
  options: RecoverOptions,
  note: Note,
): Promise<void> {
  const { process: seen, command, stack } = record;
  const where = await waitForEnd(record, options);
  if (where === "elsewhere") {
    const sentence =
      `A \`${command}\` of ${stack}, begun at ${seen.seenAt} by the process ${seen.pid} on ${seen.host}, is on record, and whether it still ` +
      `runs cannot be seen from here. Once it surely runs no longer, remove ${path}, and run \`pulumi cancel\` if the stack is locked.`;
    note({ kind: "elsewhere", sentence });
    return;
  }
  if (!(await isOnRecord(path, options.recordFolder))) {
    // Whoever had started it is alive, and has taken its record away.
    note({ kind: "waited", sentence: `Another process has finished its \`${command}\` of ${stack}.` });
    return;
  }
  const processes = await endLeftovers(record);
  const report = parseEventLog(await readBounded(record.eventLog));
  note(describeEnd(record, report));
  if (processes > 0) {
    const sentence = `${processes} of its plugins still ran, and were ended.`;
    note({ kind: "leftovers-ended", processes, sentence });
  }
  const backend = await readStateBackend(options);
  // Once it has come to its end, its lock in a far backend is gone too, and what cannot be looked at needs no word.
  if (backend.kind === "folder" || !report.isComplete) {
    note(...(await removeOwnLocks(record, backend, options.project)));
  }
  for (const operation of await readPendingOperations(stack, options)) {
    note({ kind: "pending-operation", operation, sentence: formatPending(operation) });
  }
  await removeRunFolder(record.eventLog);
  await removeUpdateRecord(path);
}

const POLL_MS = 250;
const SAY_EVERY_MS = 10_000;

async function waitForEnd(record: UpdateRecord, options: RecoverOptions): Promise<"gone" | "elsewhere"> {
  const { say, signal, clock = systemClock } = options;
  const { process: seen, command, stack } = record;
  for (let saidAt = Number.NEGATIVE_INFINITY; ; ) {
    const where = await locateProcess(seen);
    if (where !== "alive") return where;
    if (clock() - saidAt >= SAY_EVERY_MS) {
      saidAt = clock();
      const seconds = Math.max(0, Math.round((saidAt - Date.parse(seen.seenAt)) / 1000));
      say(
        `A \`${command}\` of ${stack} still runs as the process ${seen.pid}, for ${seconds} s now: waiting for its end.`,
      );
    }
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

async function isOnRecord(path: string, folder: string): Promise<boolean> {
  return (await readUpdateRecords(folder)).some((found: FoundRecord) => found.path === path);
}

function describeEnd(
  { process: { seenAt, pid }, command, stack }: UpdateRecord,
  report: EngineReport,
): Recovered {
  const done = report.done.filter(({ op }) => op !== "same").length;
  const did = `steps done: ${done}, failed: ${report.failed.length}.`;
  const what = `The \`${command}\` of ${stack} that was begun at ${seenAt} (process ${pid})`;
  return report.isComplete
    ? { kind: "finished", report, sentence: `${what} went on alone and has come to its end; ${did}` }
    : {
        kind: "killed",
        report,
        sentence: `${what} was killed before its end; ${did}`,
      };
}

const LARGEST_LOG = 64 * 1024 * 1024;

/** Empty where there is no log, or one that is too large to be held. */
async function readBounded(path: string): Promise<string> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isFile() || found.size > LARGEST_LOG) return "";
  return readFile(path, "utf8").catch(() => "");
}

/** What `runPulumi` would have removed. The path comes from a file: nothing is removed that is not such a folder. */
async function removeRunFolder(eventLog: string): Promise<void> {
  const folder = dirname(eventLog);
  const found = await lstat(folder).catch(() => null);
  const isOurs = isRunFolder(basename(folder)) && found?.isDirectory() === true;
  if (isOurs) await rm(folder, { recursive: true, force: true });
}
