import { cleanOutput } from "../../apply/clean-output.ts";
import { redactor, secretsOf } from "../../apply/redact.ts";

/** The flags of every command that works in a Pulumi program's directory. */
export type LocalFlags = {
  /** The program's directory; the working directory unless given. */
  dir?: string;
  /** As Pulumi takes it; the selected stack unless given. */
  stack?: string;
  alias?: string;
  /** The remote that each commit goes to as well; `true` means `origin`. */
  push?: string | boolean;
  json?: boolean;
};

/** What a local command is given from outside: the environment, and where it tells people what goes on. */
export type LocalOutside = {
  environment: Readonly<Record<string, string | undefined>>;
  /** A sentence or a line for people, on stderr, without the secrets that are known, and without what moves a cursor. */
  tell: (line: string) => void;
  /** The same for our own words alone, which may have the form of a secret: `Bearer …`. */
  show: (line: string) => void;
  /** Takes one more secret out of everything that is told from now on. */
  hide: (secret: string) => void;
  redact: (text: string) => string;
  signal: AbortSignal;
  interrupt: () => void;
};

/** Stdout is for the answer alone, so that programs can read it. */
export function localOutside(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LocalOutside {
  const secrets = secretsOf(environment);
  let redact = redactor(secrets);
  const interrupt = new AbortController();
  return {
    environment,
    tell: (line) => console.error(redact(cleanOutput(line))),
    show: (line) => console.error(line),
    hide: (secret) => {
      secrets.push(secret);
      redact = redactor(secrets);
    },
    redact: (text) => redact(text),
    signal: interrupt.signal,
    interrupt: () => interrupt.abort(),
  };
}
