import { constants } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isGone, readStartTime } from "./process-identity.ts";
import type { StateBackend } from "./state-backend.ts";
import type { UpdateRecord } from "./update-record.ts";

/** What stands in the way of the stack's next update, after one that was killed. */
export type LockFinding =
  | { kind: "lock-removed"; path: string; sentence: string }
  | { kind: "lock-left"; sentence: string };

/**
 * Removes the stack's lock that the recorded process has left, and no other: pid, host and user are its own, the lock
 * was made while it ran, and the process is surely gone. This is not `pulumi cancel`, which takes the lock of a living
 * update as well. Where the state is in no folder of this machine nothing is removed, and the finding says what a person must do.
 */
export async function removeOwnLocks(
  record: UpdateRecord,
  backend: StateBackend,
  project: string,
): Promise<LockFinding[]> {
  if (!(await isGone(record.process))) return [];
  if (backend.kind !== "folder") return [{ kind: "lock-left", sentence: describeFarLock(record, backend) }];
  const findings: LockFinding[] = [];
  for (const path of await findLocks(backend.path, project, record.stack)) {
    const text = await readLock(path);
    const lock = parseLock(text);
    if (lock === null) continue;
    if (!(await isOwn(lock, record))) {
      findings.push({ kind: "lock-left", sentence: describeOthersLock(lock, record.stack) });
      continue;
    }
    // A lock is made anew under a new name only; what is here now is still what was judged, or nothing.
    if ((await readLock(path)) !== text) continue;
    await rm(path, { force: true });
    // Pulumi's storage keeps a file of attributes beside each of its own.
    await rm(`${path}.attrs`, { force: true });
    findings.push({ kind: "lock-removed", path, sentence: describeRemoved(lock, record) });
  }
  return findings;
}

/** As Pulumi writes it (`lockContent` in its package backend/diy). */
const Lock = z.object({
  pid: z.int(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.iso.datetime({ offset: true }),
});
type Lock = z.infer<typeof Lock>;

/** How far two readings of one machine's clock may differ. */
const CLOCK_MS = 2000;

async function isOwn(lock: Lock, { process: identity, user }: UpdateRecord): Promise<boolean> {
  if (lock.pid !== identity.pid || lock.hostname !== identity.host || lock.username !== user) return false;
  const madeAt = Date.parse(lock.timestamp);
  if (madeAt < Date.parse(identity.seenAt) - CLOCK_MS) return false;
  // Another process may have this id by now: a lock that is younger than it may be its own.
  const reusedAt = await readStartTime(identity.pid);
  return reusedAt === null || (reusedAt !== "unknown" && madeAt < reusedAt - CLOCK_MS);
}

/** `.pulumi/locks/organization/<project>/<stack>/`, and `.pulumi/locks/<stack>/` in backends that know no projects. */
async function findLocks(root: string, project: string, stack: string): Promise<string[]> {
  const name = stack.split("/").at(-1) ?? "";
  const ofProject = stack.split("/").length === 3 ? (stack.split("/")[1] ?? "") : project;
  if (![name, ofProject].every((part) => NAME.test(part))) return [];
  const locks = join(root, ".pulumi", "locks");
  const folders = [join(locks, "organization", ofProject, name), join(locks, name)];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
        .map((entry) => join(folder, entry.name));
    }),
  );
  return found.flat();
}

/** Pulumi's own names of projects and stacks; no path leads out of the folder. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
const LARGEST_LOCK = 16 * 1024;

/** Null where the lock is not there any more, or is no file that Pulumi has written. */
async function readLock(path: string): Promise<string | null> {
  // Never through a link, and never waiting for a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= LARGEST_LOCK ? await file.readFile("utf8") : null;
  } finally {
    await file.close();
  }
}

function parseLock(text: string | null): Lock | null {
  try {
    const parsed = Lock.safeParse(JSON.parse(text ?? "null"));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function describeRemoved(lock: Lock, { stack }: UpdateRecord): string {
  return (
    `The lock of the stack ${stack} was our own, made at ${lock.timestamp} by the process ${lock.pid} on ${lock.hostname}, ` +
    "which is gone: the lock is removed."
  );
}

function describeOthersLock(lock: Lock, stack: string): string {
  const who = `${lock.username}@${lock.hostname} (process ${lock.pid})`
    .replace(/\p{Cc}/gu, " ")
    .slice(0, 200);
  return (
    `The stack ${stack} is locked by ${who} since ${lock.timestamp}, and this is not the lock of the update that was killed here: ` +
    "it is left alone. Wait for that update to end. Only where it surely runs no longer, run `pulumi cancel`."
  );
}

function describeFarLock(
  { process: { pid, host, seenAt }, user, stack }: UpdateRecord,
  backend: StateBackend,
): string {
  const whose = `of our own update, begun at ${seenAt} by ${user}@${host} (process ${pid}), which is gone`;
  if (backend.kind === "cloud") {
    return (
      `Pulumi Cloud may still hold the stack ${stack} on account ${whose}. Its lease ends by itself after some minutes; ` +
      "until then updates are refused as conflicts and tried again. If it stays longer, run `pulumi cancel`."
    );
  }
  const where = backend.kind === "bucket" ? `the ${backend.scheme}:// backend` : "the backend";
  return (
    `In ${where} the stack ${stack} may still be locked on account ${whose}. Locks are only removed from folders of this machine: ` +
    "where the next update says that the stack is locked, see that the lock names this process, and run `pulumi cancel`."
  );
}
