import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file gets before its content is synced: `mode` whatever the process's umask, `owner` where the system lets us. */
export type Rights = { mode?: number; owner?: { uid: number; gid: number } };

/**
 * Writes a new file. When this answers, its content is on the disk; `moveDurably` or `syncFolder` does so for its name.
 * Nobody else may read it before it has its mode. Throws the system's error, `EEXIST` where something stands there.
 */
export async function writeDurably(path: string, text: string, { mode, owner }: Rights = {}): Promise<void> {
  const file = await open(path, "wx", mode === undefined ? 0o666 : 0o600);
  try {
    await file.writeFile(text);
    // Only the owner itself and root may do so; the content matters more.
    if (owner !== undefined) await file.chown(owner.uid, owner.gid).catch(() => {});
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file in another's place, for good when this answers. Throws the system's error. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Has the names of a folder's files on the disk. Throws the system's error. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
