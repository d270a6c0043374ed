import { createHash } from "node:crypto";

/** The digest of a secret: two of them are of one length, so they can be compared in constant time. */
export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
