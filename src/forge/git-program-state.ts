import { type DeployPlace, foldersToRead, type ProgramState } from "../apply/apply-forge.ts";
import { type GitObject, parseFile, parseTree } from "./git-objects.ts";

/** The ledger names commits in free text: what is no id must not become an argument, nor a name of something else. */
export function isOid(text: string): boolean {
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text);
}

/** The names of the stack's part of a commit: its folders, then the stack file. */
export function stateNames(commit: string, place: DeployPlace): string[] {
  // Git calls the root by an empty path.
  const folders = foldersToRead(place).map((folder) => `${commit}:${folder === "." ? "" : folder}`);
  return [...folders, `${commit}:${place.stackFilePath}`];
}

/** The same of several commits; what is no id is left out. */
export function commitNames(commits: readonly string[], place: DeployPlace): string[] {
  return commits.filter(isOid).flatMap((commit) => stateNames(commit, place));
}

/** Takes what `stateNames` asked for off the front; null where the directory is not there. */
export function takeState(objects: (GitObject | null)[], place: DeployPlace): ProgramState | null {
  const folders = new Map<string, ReadonlyMap<string, string>>();
  for (const folder of foldersToRead(place)) {
    const entries = parseTree(objects.shift() ?? null);
    if (entries !== null) folders.set(folder, entries);
  }
  const stackFile = parseFile(objects.shift() ?? null);
  return folders.has(place.dir) ? { folders, stackFile } : null;
}

/** Takes what `commitNames` asked for off the front; null for what is no id, or not there. */
export function takeStates(
  objects: (GitObject | null)[],
  commits: readonly string[],
  place: DeployPlace,
): Map<string, ProgramState | null> {
  return new Map(commits.map((commit) => [commit, isOid(commit) ? takeState(objects, place) : null]));
}
