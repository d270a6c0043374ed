import { Writable } from "node:stream";
import { type Logger, pino } from "pino";

/** A real logger whose lines can be looked at. */
export type RecordedLogger = { logger: Logger; lines: () => Record<string, unknown>[]; text: () => string };

export function recordedLogger(): RecordedLogger {
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return {
    logger: pino({ level: "debug", base: null }, sink),
    text: () => chunks.join(""),
    lines: () =>
      chunks
        .join("")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
  };
}
