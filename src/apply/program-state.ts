import { differsOnlyInPoolValues, type PoolLocation } from "../domain/stack-file.ts";
import type { DeployPlace, ProgramState } from "./apply-forge.ts";

/**
 * Whether two commits have the same program, so that a stack differs between them in nothing but its pools' values.
 * Stack files of other stacks in the same folder do not count: Pulumi does not read them. Null (a commit that the
 * repository no longer has) is the same as nothing.
 */
export function isSameProgram(
  one: ProgramState | null,
  other: ProgramState | null,
  place: Pick<DeployPlace, "stackFilePath">,
  locations: readonly PoolLocation[],
): boolean {
  if (one === null || other === null) return false;
  const paths = new Set([...one.folders.keys(), ...other.folders.keys()]);
  for (const path of paths) {
    if (!isSameFolder(one.folders.get(path), other.folders.get(path), path, [...paths], place.stackFilePath))
      return false;
  }
  const [a, b] = [one.stackFile, other.stackFile];
  if (a.kind === "missing" && b.kind === "missing") return true;
  return a.kind === "text" && b.kind === "text" && differsOnlyInPoolValues(a.text, b.text, locations);
}

const OTHER_STACK_FILE = /^Pulumi\.[^/]+\.ya?ml$/;

function isSameFolder(
  one: ReadonlyMap<string, string> | undefined,
  other: ReadonlyMap<string, string> | undefined,
  path: string,
  readFolders: readonly string[],
  stackFilePath: string,
): boolean {
  // The folder that holds the stack file came or went: the stack file says so itself.
  const entriesOfOne = one ?? new Map<string, string>();
  const entriesOfOther = other ?? new Map<string, string>();
  const prefix = path === "." ? "" : `${path}/`;
  for (const name of new Set([...entriesOfOne.keys(), ...entriesOfOther.keys()])) {
    const entryPath = `${prefix}${name}`;
    const isStackFile = entryPath === stackFilePath || isBesideStackFile(entryPath, stackFilePath);
    if (isStackFile || readFolders.includes(entryPath)) continue;
    if (entriesOfOne.get(name) !== entriesOfOther.get(name)) return false;
  }
  return true;
}

function isBesideStackFile(path: string, stackFilePath: string): boolean {
  const slash = stackFilePath.lastIndexOf("/") + 1;
  const name = path.slice(slash);
  return path.slice(0, slash) === stackFilePath.slice(0, slash) && OTHER_STACK_FILE.test(name);
}
