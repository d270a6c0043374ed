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
    let chunks: Buffer[] = [];
    let lengthBytes = 0;
    const finish = (result: ReadBody) => {
      incoming.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
      chunks = [];
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      lengthBytes += chunk.length;
      if (lengthBytes > limitBytes) {
        incoming.pause();
        finish({ kind: "too-large" });
      } else chunks.push(chunk);
    };
    const onEnd = () => {
      const [first] = chunks;
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, lengthBytes);
      finish({ kind: "read", body });
    };
    const onBroken = () => finish({ kind: "broken" });
    incoming.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
  });
}
