import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 100;

/** A file that another process writes, being read. */
export type Follower = {
  /** Reads what is left, a last line without an end included, and stops. */
  finish: () => Promise<void>;
};

/** Reads a growing file and hands over each line once, without its end. The file must exist. */
export function followLines(path: string, onLine: (line: string) => void): Follower {
  const stop = new AbortController();
  const following = follow(path, onLine, stop.signal);
  return {
    finish: () => {
      stop.abort();
      return following;
    },
  };
}

async function follow(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
  const decoder = new StringDecoder("utf8");
  const buffer = Buffer.alloc(64 * 1024);
  let rest = "";
  const file = await open(path, "r");
  try {
    for (;;) {
      // Asked before reading, so that what was written up to the stop is always seen.
      const isLast = signal.aborted;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split(/\r?\n/);
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      }
      if (isLast) break;
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await file.close();
  }
  rest += decoder.end();
  if (rest !== "") onLine(rest);
}
