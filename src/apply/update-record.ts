import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { isMissingFile } from "../domain/missing-file.ts";
import { safeJson } from "../domain/safe-json.ts";
import { moveDurably, writeDurably } from "../durable-file.ts";
import { identifyProcess, ProcessIdentity } from "./process-identity.ts";

/**
 * What is known of a Pulumi process that may lock a stack, from before it begins until it has ended and was read.
 * Whoever finds a record whose process is gone finds an update that was killed.
 */
export const UpdateRecord = z.object({
  schemaVersion: z.literal(1),
  process: ProcessIdentity,
  /** By which name Pulumi signs its locks. */
  user: z.string(),
  /** Stands in the environment of the process and its plugins as `PULUMISCALE_RUN`. */
  run: z.uuid(),
  /** `up`, `refresh`, … */
  command: z.string(),
  stack: z.string().min(1),
  /** The log of the engine's events: one JSON object a line. */
  eventLog: z.string(),
});
export type UpdateRecord = z.infer<typeof UpdateRecord>;

/** A record as found in its folder; null where the file is no record that this version can read. */
export type FoundRecord = { path: string; record: UpdateRecord | null };

/** The variable by which a process of a run is known. */
export const RUN_VARIABLE = "PULUMISCALE_RUN";

/** The Pulumi commands that lock a stack. */
const LOCKING: ReadonlySet<string> = new Set(["up", "refresh", "destroy", "import"]);

/** Whether a Pulumi command locks its stack, so that being killed leaves the lock behind. */
export function isLocking(args: readonly string[]): boolean {
  return LOCKING.has(args[0] ?? "");
}

export function newRunId(): string {
  return randomUUID();
}

/**
 * Writes the record of a process that was started and waits for its go. It is whole, or not there, and on the disk
 * before this answers. Each run has a file of its own, so that two of one stack never take each other's. Answers its
 * path. Throws `UpdateRecordError`.
 */
export async function writeUpdateRecord(
  folder: string,
  pid: number,
  run: { run: string; args: readonly string[]; environment: Environment; eventLog: string },
): Promise<string> {
  try {
    const [identity] = await Promise.all([
      identifyProcess(pid),
      mkdir(folder, { recursive: true, mode: 0o700 }),
    ]);
    if (identity === null) throw new Error("the process ended before it had begun");
    const record: UpdateRecord = {
      schemaVersion: 1,
      process: identity,
      user: userName(run.environment),
      run: run.run,
      command: run.args[0] ?? "",
      stack: stackOf(run.args),
      eventLog: run.eventLog,
    };
    const path = join(folder, `${run.run}.json`);
    await writeDurably(`${path}.tmp`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    await moveDurably(`${path}.tmp`, path);
    return path;
  } catch (cause) {
    throw new UpdateRecordError(folder, cause);
  }
}

/** All records of a folder, the oldest first; none where there is no folder. Throws `UpdateRecordError`. */
export async function readUpdateRecords(folder: string): Promise<FoundRecord[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (isMissingFile(cause)) return [];
    throw new UpdateRecordError(folder, cause);
  });
  await Promise.all(
    names.filter((name) => name.endsWith(".tmp")).map((name) => removeStale(join(folder, name))),
  );
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name): Promise<FoundRecord[]> => {
        const path = join(folder, name);
        const text = await readRecordFile(path);
        if (text === null) return [];
        const parsed = UpdateRecord.safeParse(safeJson(text));
        return [{ path, record: parsed.success ? parsed.data : null }];
      }),
  );
  return found.flat().sort((one, other) => seenAt(one).localeCompare(seenAt(other)));
}

/** Takes a record away; one that is already gone is as good. */
export async function removeUpdateRecord(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The record of an update cannot be written or read. Without one no update is begun. */
export class UpdateRecordError extends Error {
  readonly code = "update-record";
  constructor(folder: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `The record of running updates in ${folder} cannot be used: ${why}. Without it an update that is killed would leave a lock ` +
        "that nobody can tell from another's, so nothing was begun. Make the folder writable, and the disk free enough, for this user.",
      { cause },
    );
    this.name = "UpdateRecordError";
  }
}

function stackOf(args: readonly string[]): string {
  const at = args.indexOf("--stack");
  const stack = at === -1 ? undefined : args[at + 1];
  if (!stack) throw new Error("the command names its stack nowhere (`--stack`)");
  return stack;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** As Pulumi itself does: the system's name of the user, else `$USER`. */
function userName(environment: Environment): string {
  try {
    return userInfo().username;
  } catch {
    return environment.USER ?? "";
  }
}

/** A file that was half written belongs to a process that never began; only one that is being written right now is left. */
const STALE_MS = 60_000;

async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && systemClock() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
}

const LARGEST_RECORD = 64 * 1024;

async function readRecordFile(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    return size > LARGEST_RECORD ? "" : await readFile(path, "utf8");
  } catch (cause) {
    // Its owner has just taken it away.
    if (isMissingFile(cause)) return null;
    throw new UpdateRecordError(path, cause);
  }
}

function seenAt({ record }: FoundRecord): string {
  return record?.process.seenAt ?? "";
}
