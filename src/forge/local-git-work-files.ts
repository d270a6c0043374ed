import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { hasEnded, readProcessStart } from "./file-lock.ts";
import type { LocalRepository } from "./local-repository.ts";

/** A commit in the making takes no longer than its hooks may. */
const OLD_MS = 60 * 60 * 1000;

/** A folder of its own for a commit in the making (its index, its message), gone afterwards. */
export async function withWorkFolder<T>(
  repository: LocalRepository,
  clock: Clock,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(parentOf(repository), await nameFolder());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await removeForgotten(repository, clock);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what killed processes have left: at once where it is sure that they are gone, else after an hour. */
export async function removeForgotten(repository: LocalRepository, clock: Clock): Promise<void> {
  const parent = parentOf(repository);
  for (const name of await readdir(parent).catch(() => [])) {
    const folder = join(parent, name);
    if (await isForgotten(folder, name, clock)) await rm(folder, { recursive: true, force: true });
  }
}

async function isForgotten(folder: string, name: string, clock: Clock): Promise<boolean> {
  const [, host, pid, startedAt] = /^([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{16}$/.exec(name) ?? [];
  const isHere = host === nameHost();
  if (isHere && (await hasEnded({ pid: Number(pid), startedAt: startedAt ?? null }))) return true;
  const made = await stat(folder).catch(() => null);
  return made !== null && clock() - made.mtimeMs > OLD_MS;
}

/** Says whose it is; without the time of its start a process cannot be told from a later one, so nothing is said then. */
async function nameFolder(): Promise<string> {
  const nonce = randomBytes(8).toString("hex");
  const startedAt = await readProcessStart(process.pid);
  return startedAt === null ? nonce : `${nameHost()}-${process.pid}-${startedAt}-${nonce}`;
}

function nameHost(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}

function parentOf({ stateDir }: LocalRepository): string {
  return join(stateDir, "work");
}
