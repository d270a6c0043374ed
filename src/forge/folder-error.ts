import { ForgeError } from "./forge.ts";

/** Says what could not be done with a file or folder, and what to do about it. A `ForgeError` stays what it is. */
export function folderError(error: unknown, action: string, path: string): ForgeError {
  if (error instanceof ForgeError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return new ForgeError(
      "forbidden",
      `${path} could not be ${action} (${code}): this process may not. Give its user the right to write to the program's directory and to its folder .pulumiscale.`,
      { cause: error },
    );
  }
  if (["ELOOP", "ENOTDIR", "EISDIR", "ENOENT"].includes(code)) {
    return new ForgeError(
      "forbidden",
      `${path} could not be ${action} (${code}): it, or a folder on the way, is not a plain file or folder. Put the real one there; symbolic links are not followed.`,
      { cause: error },
    );
  }
  const why = code === "" && error instanceof Error ? error.message : code;
  return new ForgeError(
    "unavailable",
    `${path} could not be ${action} (${why}). See that the disk is in order and has room; the next request tries again.`,
    { cause: error },
  );
}
