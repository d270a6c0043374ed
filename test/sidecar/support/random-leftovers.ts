import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Program } from "./program.ts";
import { stateFolderOf } from "./random-moments.ts";
import { processesOf } from "./random-processes.ts";

/** What a run has left that nobody needs: files, locks and processes; none where all is well. */
export async function findLeftovers(program: Program): Promise<string[]> {
  const { root, repository } = program;
  const stateFolder = stateFolderOf(program);
  const [work, state, backend, temporary] = await Promise.all([
    filesBelow(repository, stateFolder),
    filesBelow(stateFolder),
    filesBelow(join(root, "backend/.pulumi/locks")),
    namesIn(join(root, "tmp")),
  ]);
  return [
    ...work.filter((path) => path.endsWith(".lock") || /pulumiscale$|\.tmp$/.test(path)),
    ...state.filter((path) => !isKept(path)).map((path) => `state: ${path}`),
    ...backend.map((path) => `backend: ${path}`),
    ...temporary.filter((name) => name.startsWith("pulumiscale-")).map((name) => `temporary: ${name}`),
    ...processesOf(root),
  ];
}

/** What a kill cuts off in the writing of a record goes a minute later; else: the ledger; in a folder without git its journal, what is known of its program's files, and what keeps it out of git. */
function isKept(path: string): boolean {
  return /^(stacks|journal|programs?)\/[^/]+\.json$|^updates\/.*\.json\.tmp$|^\.gitignore$/.test(path);
}

async function filesBelow(folder: string, without?: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => without === undefined || !path.startsWith(`${without}/`))
    .map((path) => relative(folder, path))
    .filter((path) => !path.startsWith(".git/objects"));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
