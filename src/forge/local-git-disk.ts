import { randomBytes } from "node:crypto";
import { lstat, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { StackFile } from "../domain/snapshot.ts";
import { moveDurably, writeDurably } from "../durable-file.ts";
import { decodeFile } from "./decode-file.ts";
import { ForgeError } from "./forge.ts";
import type { LocalRepository } from "./local-repository.ts";

/** The work tree's file: absolute, and its text. */
export type DiskFile = { path: string; file: StackFile };

/**
 * Reads the work tree's stack file. Throws `ForgeError` `forbidden` where it, or a folder on the way, is a symbolic link: what is
 * written through one may land anywhere.
 */
export async function readDiskFile({ root }: LocalRepository, path: string): Promise<DiskFile> {
  const parts = path.split("/");
  if (path.startsWith("/") || parts.some((part) => part === "" || part === "." || part === ".."))
    throw new ForgeError(
      "forbidden",
      `${path} is no path from the top of the work tree. Correct the stack's path.`,
    );
  let way = root;
  for (const [index, part] of parts.entries()) {
    way = join(way, part);
    const found = await lstat(way).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    if (found === null) return { path: way, file: { kind: "missing" } };
    const isRight = index === parts.length - 1 ? found.isFile() : found.isDirectory();
    if (!isRight) {
      const what = found.isSymbolicLink() ? "a symbolic link" : "no plain file or folder";
      const named = parts.slice(0, index + 1).join("/");
      throw new ForgeError(
        "forbidden",
        `${named} is ${what}, and a stack file is only written in its own place. Put the file itself there.`,
      );
    }
  }
  return { path: way, file: decodeFile(await readFile(way)) };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/**
 * Changes the work tree's file through `edit`, which answers the new text or null for none. Everything else of it stays: its
 * mode, and its owner where the system lets us. A killed write leaves the old file; one that was edited meanwhile is read again.
 */
export async function editDiskFile(
  repository: LocalRepository,
  path: string,
  edit: (text: string) => string | null,
): Promise<void> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const { path: absolute, file } = await readDiskFile(repository, path);
    const text = file.kind === "text" ? edit(file.text) : null;
    if (file.kind !== "text" || text === null) return;
    const temporary = join(dirname(absolute), temporaryName(absolute));
    try {
      const { uid, gid, mode } = await stat(absolute);
      await writeDurably(temporary, text, { owner: { uid, gid }, mode: mode & 0o7777 });
      const now = await readDiskFile(repository, path);
      if (now.file.kind !== "text" || now.file.text !== file.text) continue;
      await moveDurably(temporary, absolute);
      return;
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

/** Removes what a killed write left beside the file. Only under our own lock: else it could be a living process's. */
export async function removeLeftovers({ root }: LocalRepository, path: string): Promise<void> {
  const folder = dirname(join(root, path));
  const names = await readdir(folder).catch(() => []);
  const start = `.${basename(path)}.`;
  for (const name of names) {
    const isOwn = name.startsWith(start) && /^[0-9a-f]{16}\.pulumiscale$/.test(name.slice(start.length));
    if (isOwn) await rm(join(folder, name), { force: true });
  }
}

const MOST_TRIES = 5;

function temporaryName(path: string): string {
  return `.${basename(path)}.${randomBytes(8).toString("hex")}.pulumiscale`;
}
