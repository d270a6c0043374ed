import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** What a mark says: on this branch of this repository the App itself made this commit. */
export type MarkedHead = { owner: string; repo: string; branch: string; headOid: string };

/** The key of the marks: derived from the App's private key, which all replicas share and nobody else has. */
export function headMarkKey(privateKey: string): Buffer {
  return Buffer.from(hkdfSync("sha256", privateKey, "", "pulumiscale head mark", 32));
}

/**
 * A pull request's text with the mark of its head. Whoever may push can read and copy the mark, but make none for another commit.
 */
export function withHeadMark(key: Buffer, head: MarkedHead, text: string): string {
  return `<!-- pulumiscale:head ${digest(key, head).toString("hex")} -->\n${text}`;
}

/** Whether a pull request's text has the mark of this head. */
export function hasHeadMark(key: Buffer, head: MarkedHead, text: string): boolean {
  const found = /<!-- pulumiscale:head ([0-9a-f]{64}) -->/.exec(text)?.[1];
  return found !== undefined && timingSafeEqual(Buffer.from(found, "hex"), digest(key, head));
}

function digest(key: Buffer, { owner, repo, branch, headOid }: MarkedHead): Buffer {
  const place = `${owner}/${repo}`.toLowerCase();
  return createHmac("sha256", key).update(`${place}\n${branch}\n${headOid}`, "utf8").digest();
}
