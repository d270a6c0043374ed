import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/** The absolute path of the first of the named programs that lies in one of the folders (default: those on the path). */
export function findProgram(
  names: readonly string[],
  folders: readonly string[] = (process.env.PATH ?? "").split(path.delimiter),
): string | undefined {
  for (const name of names) {
    const found = folders
      .filter((folder) => path.isAbsolute(folder))
      .map((folder) => path.join(folder, name))
      .find(isExecutableFile);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
