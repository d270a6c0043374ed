import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * A "no" that somebody gave to us: that we closed this pull request at this person's word. `repository` is its number, which it keeps when
 * it is renamed or transferred.
 */
export type MarkedRejection = { repository: string; number: number; by: string };

/** The last line of a pull request's text that was closed at a person's word; nobody else can write it, since nobody has the key. */
export function withRejectMark(key: Buffer, rejection: MarkedRejection, text: string): string {
  return `${text}\n<!-- pulumiscale:rejected ${rejection.by} ${digest(key, rejection).toString("hex")} -->`;
}

/** Who is named by our own mark in a pull request's text; null where there is none. */
export function rejecterIn(key: Buffer, pull: Omit<MarkedRejection, "by">, text: string): string | null {
  // The newest stands last: a pull request may be opened again, and be rejected once more.
  for (const [, by = "", hex = ""] of [...text.matchAll(MARK)].reverse())
    if (timingSafeEqual(Buffer.from(hex, "hex"), digest(key, { ...pull, by }))) return by;
  return null;
}

const MARK = /<!-- pulumiscale:rejected ([A-Za-z0-9_.[\]-]{1,80}) ([0-9a-f]{64}) -->/g;

function digest(key: Buffer, { repository, number, by }: MarkedRejection): Buffer {
  const content = ["rejected", repository, number, by].join("\n");
  return createHmac("sha256", key).update(content, "utf8").digest();
}
