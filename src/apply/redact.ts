import { HIDDEN, hideSecretShapes } from "../domain/secret-shapes.ts";

/** Takes every known secret out of a text. */
export type Redact = (text: string) => string;

/** Shorter values would take ordinary words out of every message. */
const SHORTEST = 4;
/** The first and the last line of a key are known to everybody, and tell that it is one. */
const FRAME = /^-----[A-Z ]+-----$/;

/**
 * Makes a function that replaces each secret by `***`, as it stands, and as it stands in JSON and in a URL; each line of
 * a secret of several lines too, since messages are cut into lines. What has the form of a secret goes as well.
 */
export function redactor(secrets: Iterable<string>): Redact {
  const known = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      const text = part.trim();
      if (text.length < SHORTEST || FRAME.test(text)) continue;
      known.add(text).add(JSON.stringify(text).slice(1, -1)).add(encodeURIComponent(text));
    }
  }
  // The longest first, so that no rest of one is left by another that is part of it.
  const longestFirst = [...known].sort((one, other) => other.length - one.length);
  return (text) =>
    hideSecretShapes(longestFirst.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text));
}

const SECRET_NAME =
  /TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|ACCESS_KEY|PRIVATE_KEY|API_KEY|^PULUMISCALE_(?:SLACK|SMTP|WEBHOOK)_(?:URL|KEY)_/i;
/** Names that match and whose values are paths or addresses. */
const NO_SECRET_NAME = /_FILE$|_PATH$|_URL$|_URI$/i;
/** Values of switches: taken out, they would spoil every answer. */
const NO_SECRET = /^(?:true|false|yes|no|on|off|none|null|\d{1,9})$/i;
const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s@]+)@/i;

/** The secrets in an environment: by their names, and the passwords in addresses such as a backend's. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    const isNamed = SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && !NO_SECRET.test(value.trim());
    const password = passwordOf(value);
    return [...(isNamed && value !== "" ? [value] : []), ...(password === null ? [] : [password])];
  });
}

/** The password in an address such as `postgres://user:password@host`; null where there is none. */
export function passwordOf(url: string): string | null {
  return URL_PASSWORD.exec(url)?.[1] ?? null;
}
