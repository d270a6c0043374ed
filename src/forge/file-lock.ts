import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { ForgeError } from "./forge.ts";

/** Says whether the lock is still ours; throws `ForgeError` `conflict` where somebody took it. */
type StillHeld = () => Promise<void>;

/**
 * Does the work while a file of this path says that we do; the file is gone afterwards. What a dead process left behind
 * is taken over: one of this machine that is not running any more, or whose pid another process has by now, and any that
 * nobody can look at after a minute. Waits up to five seconds for a living one, then throws `ForgeError` `unavailable`.
 */
export async function withFileLock<T>(
  path: string,
  clock: Clock,
  work: (stillHeld: StillHeld) => Promise<T>,
): Promise<T> {
  const own = JSON.stringify(await describeSelf());
  await acquire(path, own, clock);
  const isOurs = async () => (await readLock(path)) === own;
  try {
    return await work(async () => {
      if (!(await isOurs())) throw new ForgeError("conflict", `Another process took the lock ${path}.`);
    });
  } finally {
    if (await isOurs()) await rm(path, { force: true });
  }
}

/**
 * Whether a process of this machine surely runs no longer: none has its pid, or one that was started at another time. `startedAt`
 * is what `readProcessStart` has said of it.
 */
export async function hasEnded({ pid, startedAt }: Pick<Holder, "pid" | "startedAt">): Promise<boolean> {
  if (!isRunning(pid)) return true;
  const [state, now] = await readProcess(pid);
  // Dead, and nobody has asked for its exit code: it keeps its pid and holds nothing. A container's first process often never asks.
  if (state === "Z" || state === "X") return true;
  return now !== null && startedAt !== null && now !== startedAt;
}

/** Who holds a lock: `startedAt` is what the system says of the process, in its own unit; null where it says nothing. */
const Holder = z.object({
  host: z.string(),
  pid: z.int().min(1),
  startedAt: z.string().nullable(),
  nonce: z.string(),
});
type Holder = z.infer<typeof Holder>;

async function describeSelf(): Promise<Holder> {
  const startedAt = await readProcessStart(process.pid);
  return { host: hostname(), pid: process.pid, startedAt, nonce: randomBytes(8).toString("hex") };
}

const WAIT_MS = 25;
const MOST_WAITS = 200;
/** A write takes milliseconds: a holder that nobody can look at is given this long. */
const LONGEST_HOLD_MS = 60_000;
/** It says who holds it as soon as it is there: one that does not was left by a process that was killed in between. */
const LONGEST_SILENCE_MS = 2_000;

async function acquire(path: string, own: string, clock: Clock): Promise<void> {
  for (let waits = 0; ; waits += 1) {
    if (await createLock(path, own)) return;
    const held = await readLock(path);
    if (held !== null && (await isStale(path, held, clock))) {
      await removeStale(path, held);
      continue;
    }
    if (waits === MOST_WAITS) {
      throw new ForgeError(
        "unavailable",
        `The lock ${path} is held by another process (${held?.slice(0, 200)}). Wait for it, or end it.`,
      );
    }
    await delay(WAIT_MS);
  }
}

async function createLock(path: string, own: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(own);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Null where it is not there. */
async function readLock(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

async function isStale(path: string, held: string, clock: Clock): Promise<boolean> {
  const holder = parseHolder(held);
  if (holder !== null && holder.host === hostname()) {
    if (await hasEnded(holder)) return true;
    if (holder.startedAt !== null && (await readProcessStart(holder.pid)) !== null) return false;
  }
  const written = await stat(path).catch(() => null);
  const longestMs = holder === null ? LONGEST_SILENCE_MS : LONGEST_HOLD_MS;
  return written !== null && clock() - written.mtimeMs > longestMs;
}

/** Moved away first: of several that found it stale only one removes it, and none removes the lock that came after it. */
async function removeStale(path: string, held: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readLock(aside);
  if (moved !== held && moved !== null) await createLock(path, moved);
  await rm(aside, { force: true });
}

function parseHolder(text: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs as somebody else.
    return codeOf(error) === "EPERM";
  }
}

/** When a process began, in ticks since the machine did: a pid is given out again, the two together are not. */
export async function readProcessStart(pid: number): Promise<string | null> {
  const [, startedAt] = await readProcess(pid);
  return startedAt;
}

/** A process's state, and when it began. */
async function readProcess(pid: number): Promise<[state: string | null, startedAt: string | null]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name before it stands in brackets, and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [fields[0] ?? null, fields[19] ?? null];
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
