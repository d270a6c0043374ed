import type { IncomingMessage } from "node:http";

/** A request body, or why there is none. */
export type ReadBody =
  | { kind: "read"; body: Buffer }
  | { kind: "too-large" }
  /** The sender went away before the body was complete. */
  | { kind: "broken" }
  /** Strangers' bodies take all the memory that they may take. */
  | { kind: "busy" };

/**
 * Reads a whole body of at most `limitBytes`. The bytes are counted as they arrive, whatever `content-length` says and
 * also when it says nothing; after the limit nothing is kept.
 */
export function readBody(incoming: IncomingMessage, limitBytes: number): Promise<ReadBody> {
  return read(incoming, limitBytes, null);
}

/**
 * Reads a body that has to be there before anybody knows who sent it, since its signature is over it. All of these together
 * hold at most `held`: otherwise a hundred strangers would hold a hundred times the limit.
 */
export function readStrangersBody(
  incoming: IncomingMessage,
  limitBytes: number,
  held: HeldBytes = PROCESS,
): Promise<ReadBody> {
  return read(incoming, limitBytes, held);
}

/** How many bytes are held at the moment, and may be. */
export class HeldBytes {
  #bytes = 0;
  readonly #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): "taken" | "full" {
    if (this.#bytes + bytes > this.#limitBytes) return "full";
    this.#bytes += bytes;
    return "taken";
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Memory is the process's, so this is one for all servers in it. Room for four of GitHub's largest events at once. */
const PROCESS = new HeldBytes(100_000_000);

function read(incoming: IncomingMessage, limitBytes: number, held: HeldBytes | null): Promise<ReadBody> {
  if (Number(incoming.headers["content-length"] ?? 0) > limitBytes)
    return Promise.resolve({ kind: "too-large" });
  if (incoming.destroyed && !incoming.complete) return Promise.resolve({ kind: "broken" });
  return new Promise((resolve) => {
    let chunks: Buffer[] | null = [];
    let lengthBytes = 0;
    let heldBytes = 0;
    const finish = (result: ReadBody) => {
      chunks = null;
      held?.give(heldBytes);
      heldBytes = 0;
      resolve(result);
    };
    const giveUp = (kind: "too-large" | "busy") => {
      incoming.pause();
      finish({ kind });
    };
    // The listeners stay: taking them off costs more than all the rest, and a later error wants a listener.
    incoming.on("data", (chunk: Buffer) => {
      if (chunks === null) return;
      lengthBytes += chunk.length;
      if (lengthBytes > limitBytes) giveUp("too-large");
      else if (held?.take(chunk.length) === "full") giveUp("busy");
      else {
        heldBytes += chunk.length;
        chunks.push(chunk);
      }
    });
    incoming.on("end", () => {
      if (chunks === null) return;
      const [first] = chunks;
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, lengthBytes);
      finish({ kind: "read", body });
    });
    const onBroken = () => {
      if (chunks !== null) finish({ kind: "broken" });
    };
    incoming.on("error", onBroken);
    incoming.on("close", onBroken);
  });
}
