import type { IncomingMessage } from "node:http";

/** A request body, or why there is none. */
export type ReadBody =
  | { kind: "read"; body: Buffer }
  | { kind: "too-large" }
  /** The sender went away before the body was complete. */
  | { kind: "broken" };

/**
 * Reads a whole body of at most `limitBytes`. The bytes are counted as they arrive, whatever `content-length` says and
 * also when it says nothing; after the limit nothing is kept.
 */
export function readBody(incoming: IncomingMessage, limitBytes: number): Promise<ReadBody> {
  if (Number(incoming.headers["content-length"] ?? 0) > limitBytes)
    return Promise.resolve({ kind: "too-large" });
  if (incoming.destroyed && !incoming.complete) return Promise.resolve({ kind: "broken" });
  return new Promise((resolve) => {
    let chunks: Buffer[] | null = [];
    let lengthBytes = 0;
    // The listeners stay: taking them off costs more than all the rest, and a later error wants a listener.
    incoming.on("data", (chunk: Buffer) => {
      lengthBytes += chunk.length;
      if (lengthBytes <= limitBytes) chunks?.push(chunk);
      else if (chunks !== null) {
        chunks = null;
        incoming.pause();
        resolve({ kind: "too-large" });
      }
    });
    incoming.on("end", () => {
      if (chunks === null) return;
      const [first] = chunks;
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, lengthBytes);
      resolve({ kind: "read", body });
    });
    const onBroken = () => resolve({ kind: "broken" });
    incoming.on("error", onBroken);
    incoming.on("close", onBroken);
  });
}
