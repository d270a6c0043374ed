import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { LocalRepository } from "./local-repository.ts";

/** A commit in the making takes no longer than its hooks may. */
const OLD_MS = 60 * 60 * 1000;

/** A folder of its own for a commit in the making (its index, its message), gone afterwards. */
export async function withWorkFolder<T>(
  { stateDir }: LocalRepository,
  clock: Clock,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = join(stateDir, "work");
  const folder = join(parent, randomBytes(8).toString("hex"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await removeOld(parent, clock);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What killed processes left. */
async function removeOld(parent: string, clock: Clock): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    const made = await stat(folder).catch(() => null);
    if (made !== null && clock() - made.mtimeMs > OLD_MS) await rm(folder, { recursive: true, force: true });
  }
}
