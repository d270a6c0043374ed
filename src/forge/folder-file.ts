import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { StackFile } from "../domain/snapshot.ts";
import { moveDurably, writeDurably } from "../durable-file.ts";
import { decodeFile, LARGEST_FILE_BYTES, tooLarge } from "./decode-file.ts";
import { folderError } from "./folder-error.ts";
import { ForgeError } from "./forge.ts";

/** A file on the disk: `id` is of its content, `inode` tells this very file from another with the same content. */
export type DiskFile = { file: StackFile; id: string; inode: string; mode: number; modifiedAtMs: number };

const NOT_THERE = { inode: "", mode: 0o644, modifiedAtMs: 0 };

/** Reads a file as it stands. Symbolic links are not followed. Throws `ForgeError` where the disk does not let it. */
export async function readDiskFile(path: string): Promise<DiskFile> {
  // Without O_NONBLOCK a named pipe would be waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: FileHandle;
  try {
    handle = await open(path, flags);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") return { file: { kind: "missing" }, id: "missing", ...NOT_THERE };
    if (code === "ELOOP" || code === "EMLINK")
      return unreadable("it is a symbolic link; put the file itself there");
    throw folderError(error, "read", path);
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) return unreadable("it is no plain file");
    if (stat.size > LARGEST_FILE_BYTES) return unreadable(tooLarge(Number(stat.size)).message);
    const bytes = await handle.readFile();
    return {
      file: decodeFile(bytes),
      id: digest(bytes),
      inode: `${stat.dev}:${stat.ino}:${stat.mtimeNs}`,
      mode: Number(stat.mode & 0o777n),
      modifiedAtMs: Number(stat.mtimeMs),
    };
  } catch (error) {
    throw folderError(error, "read", path);
  } finally {
    await handle.close();
  }
}

/** SHA-256, hexadecimal. */
export function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\0`).update(part);
  return hash.digest("hex");
}

/**
 * Puts a text in the place of a file, whole or not at all, and on the disk before it answers. `isStill` is asked right before: where
 * it says no, nothing happens and the answer is `moved`. One writer at a time, under a lock of the caller's. Throws `ForgeError`.
 */
export async function replaceFile(
  path: string,
  text: string,
  mode: number,
  isStill: () => Promise<boolean> = async () => true,
): Promise<"replaced" | "moved"> {
  const temporary = temporaryOf(path);
  try {
    await rm(temporary, { force: true });
    await writeDurably(temporary, text, { mode });
    if (!(await isStill())) {
      await rm(temporary, { force: true });
      return "moved";
    }
    await moveDurably(temporary, path);
    return "replaced";
  } catch (error) {
    throw folderError(error, "written", path);
  }
}

/** What a write that was killed leaves behind. */
export function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.pulumiscale`);
}

/** Makes the state folder, for its owner alone and out of git's sight. Throws `ForgeError`. */
export async function makeStateFolder(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    if (!(await lstat(stateDir)).isDirectory())
      throw new ForgeError("forbidden", `${stateDir} is no folder. Remove it; it is made anew.`);
    await writeFile(join(stateDir, ".gitignore"), "*\n", { flag: "wx" }).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
  } catch (error) {
    throw folderError(error, "made", stateDir);
  }
}

function unreadable(message: string): DiskFile {
  return { file: { kind: "unreadable", message }, id: digest(message), ...NOT_THERE };
}
