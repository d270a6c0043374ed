import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";
import { HIDDEN, isSecretName } from "./domain/secret-shapes.ts";

export type LoggerSettings = {
  level: NonNullable<LoggerOptions["level"]>;
  /** Takes out of a text the secrets that this process knows, and what has the form of one. */
  redact: (text: string) => string;
  /** Standard output unless given. */
  destination?: DestinationStream;
};

/**
 * The one logger, Probot's too. Every line is cleaned on its way out, whatever was logged: an error with its request, a
 * request with its headers, a message with a token in it. Nobody who logs has to think of it.
 */
export function createLogger({ level, redact, destination = pino.destination(1) }: LoggerSettings): Logger {
  return pino({ level, hooks: { streamWrite: (line) => cleanLogLine(line, redact) } }, destination);
}

/** A line as pino wrote it, without secrets. Most lines hold nothing that looks like one, and are let through as they are. */
function cleanLogLine(line: string, clean: (text: string) => string): string {
  if (!SUSPECT.test(line) && clean(line) === line) return line;
  try {
    return `${JSON.stringify(cleanValue(JSON.parse(line), clean))}\n`;
  } catch {
    // Not JSON after all: as a text it may end up less readable, but not less clean.
    return clean(line);
  }
}

/** Something that only its name, not its form, tells to be a secret, or bytes. */
const SUSPECT = /authorization|cookie|signature|token|secret|password|passphrase|private_?key|"Buffer"|\\u/i;

function cleanValue(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return cleanList(value, clean);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if ("type" in value && value.type === "Buffer") return HIDDEN;
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      clean(name),
      isSecretName(name) && holdsText(inner) ? HIDDEN : cleanValue(inner, clean),
    ]),
  );
}

/** Raw headers are a list in which each name stands before its value. */
function cleanList(list: readonly unknown[], clean: (text: string) => string): unknown[] {
  return list.map((inner, index) => {
    const name = list[index - 1];
    return typeof name === "string" && isSecretName(name) && holdsText(inner)
      ? HIDDEN
      : cleanValue(inner, clean);
  });
}

function holdsText(value: unknown): boolean {
  return (
    typeof value === "string" || (Array.isArray(value) && value.some((item) => typeof item === "string"))
  );
}
