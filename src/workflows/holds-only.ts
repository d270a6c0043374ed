import type { OpenBranch } from "./settled.ts";

/**
 * Only what we would write ourselves is merged: the same file, byte for byte, in one commit, and no other file. Whoever may
 * push could otherwise have us merge anything.
 */
export function holdsOnly({ file, pull }: OpenBranch, text: string): boolean {
  return file.kind === "text" && file.text === text && pull.commitCount === 1 && pull.fileCount === 1;
}
