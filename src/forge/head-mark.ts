import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * What a mark says: on this branch of this repository the App itself made this commit. `repository` is its number, which it keeps when
 * it is renamed or transferred.
 */
export type MarkedHead = { repository: string; branch: string; headOid: string };

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

/** What makes a commit what it is, known before it has an id. */
export type SealedCommit = {
  repository: string;
  branch: string;
  parentOid: string;
  treeOid: string;
};

const SEAL = /^Pulumiscale-Head: ([0-9a-f]{64})$/m;

/**
 * A commit's message with a trailer over all that makes it: so that a head is known as ours in the moment between the move of its
 * branch and the words of its pull request, should the process die there.
 */
export function sealed(key: Buffer, commit: SealedCommit, message: string): string {
  return `${message.trimEnd()}\nPulumiscale-Head: ${sealDigest(key, commit, message).toString("hex")}`;
}

/** Whether a commit's message has the seal of just this commit. */
export function hasSeal(key: Buffer, commit: SealedCommit, message: string): boolean {
  const found = SEAL.exec(message)?.[1];
  return (
    found !== undefined &&
    timingSafeEqual(Buffer.from(found, "hex"), sealDigest(key, commit, withoutSeal(message)))
  );
}

/** The message as it is to stand on the base branch. */
export function withoutSeal(message: string): string {
  return message.replace(/\n?^Pulumiscale-Head: [0-9a-f]{64}$/m, "");
}

function sealDigest(key: Buffer, commit: SealedCommit, message: string): Buffer {
  const { repository, branch, parentOid, treeOid } = commit;
  const content = ["seal", repository, branch, parentOid, treeOid, message.trimEnd()].join("\n");
  return createHmac("sha256", key).update(content, "utf8").digest();
}

function digest(key: Buffer, { repository, branch, headOid }: MarkedHead): Buffer {
  return createHmac("sha256", key).update(`${repository}\n${branch}\n${headOid}`, "utf8").digest();
}
