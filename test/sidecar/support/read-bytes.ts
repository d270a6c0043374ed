import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./program.ts";

/** Every file below a folder by its path, with a digest of its bytes. */
export function readBytes(folder: string): Readonly<Record<string, string>> {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  const entries = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]);
  return Object.fromEntries(entries);
}

/** All that a scale could move: the work tree with git's own files, the backend, and what the program keeps. */
export function readWorld({ root, repository, directory }: Program): Readonly<Record<string, string>> {
  return { ...readBytes(repository), ...readBytes(join(root, "backend")), ...readBytes(directory) };
}
