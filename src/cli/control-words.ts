import { parseDuration, parsePointOfTime, type Until } from "../domain/command-time.ts";
import type { Direction } from "../domain/controls.ts";
import { UsageError } from "./usage-error.ts";

/** What stands after a target: `for 2h`, `until 2030-01-31T18:00Z`, `in` or `out`. */
export type ControlWords = { untilMs: number | null; direction: Direction };

/** Reads the words, in any order, each at most once. Throws `UsageError`. */
export function parseControlWords(words: readonly string[], nowMs: number): ControlWords {
  let end: Until = null;
  let direction: Direction | null = null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if ((word === "for" || word === "until") && end === null) {
      end = parseEnd(word, words[++at] ?? "", nowMs);
    } else if ((word === "in" || word === "out") && direction === null) {
      direction = word;
    } else {
      throw new UsageError(
        `${JSON.stringify(word)} is not understood there. After the target may come: for 2h, until 2030-01-31T18:00Z, in or out; a reason comes with --why.`,
      );
    }
  }
  const untilMs = end === null ? null : end.kind === "for" ? nowMs + end.ms : end.atMs;
  return { untilMs, direction: direction ?? "both" };
}

function parseEnd(word: "for" | "until", text: string, nowMs: number): Until {
  const read = word === "for" ? parseDuration(text) : parsePointOfTime(text, nowMs);
  if (read.kind === "until") return read.until;
  throw new UsageError(`After ${word}: ${read.message.replaceAll("`", "")}.`);
}
