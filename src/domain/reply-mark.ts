import { createHmac, timingSafeEqual } from "node:crypto";

/** The issue or pull request that an answer stands on; the repository by its number, which it keeps when it is renamed or transferred. */
type Place = { repositoryNumber: string; issue: number };

/** Where an answer stands, and which comment it answers. */
export type MarkedReply = Place & { commentId: number };

/** What an answer remembers of itself, as text. */
export type ReplyMark = { commentId: number; state: string };

const MARK = /^<!-- pulumiscale:reply (\d{1,20}) ([A-Za-z0-9_-]{0,40000}) ([0-9a-f]{64}) -->/;

/**
 * An answer's text with what it remembers of itself before it. Whoever may edit our comments can copy a mark, but make none of
 * another content or for another comment.
 */
export function withReplyMark(key: Buffer, reply: MarkedReply, state: string, text: string): string {
  const encoded = Buffer.from(state, "utf8").toString("base64url");
  const mark = digest(key, reply, encoded).toString("hex");
  return `<!-- pulumiscale:reply ${reply.commentId} ${encoded} ${mark} -->\n${text}`;
}

/** What an answer remembers; null for a comment that is no answer of ours. */
export function readReplyMark(key: Buffer, place: Place, body: string): ReplyMark | null {
  const [, id = "", encoded = "", mark = ""] = MARK.exec(body) ?? [];
  if (mark === "") return null;
  const commentId = Number(id);
  const isOurs = timingSafeEqual(Buffer.from(mark, "hex"), digest(key, { ...place, commentId }, encoded));
  return isOurs ? { commentId, state: Buffer.from(encoded, "base64url").toString("utf8") } : null;
}

function digest(key: Buffer, reply: MarkedReply, encoded: string): Buffer {
  const content = ["reply", reply.repositoryNumber, reply.issue, reply.commentId, encoded].join("\n");
  return createHmac("sha256", key).update(content, "utf8").digest();
}
