import type { StackFile } from "../domain/snapshot.ts";
import { decodeStackFile } from "../domain/stack-file.ts";

/** Of a file that holds values or rules; what is larger is not read, wherever it stands. */
export const LARGEST_FILE_BYTES = 1_000_000;

/** The text of a file's bytes, without loss. */
export function decodeFile(bytes: Uint8Array): StackFile {
  if (bytes.length > LARGEST_FILE_BYTES) return tooLarge(bytes.length);
  const decoded = decodeStackFile(bytes);
  return decoded.kind === "text" ? decoded : { kind: "unreadable", message: decoded.refusal.message };
}

/** A file of that many bytes, which nobody reads. */
export function tooLarge(size: number): StackFile & { kind: "unreadable" } {
  return { kind: "unreadable", message: `it has ${size} bytes; at most ${LARGEST_FILE_BYTES} are read` };
}
