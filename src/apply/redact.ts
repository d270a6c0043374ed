/** Takes every known secret out of a text. */
export type Redact = (text: string) => string;

/** Shorter values would take ordinary words out of every message. */
const SHORTEST = 4;

/**
 * Makes a function that replaces each secret by `***`, as it stands, and as it stands in JSON and in a URL; each line of
 * a secret of several lines too, since messages are cut into lines.
 */
export function redactor(secrets: Iterable<string>): Redact {
  const known = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      const text = part.trim();
      if (text.length < SHORTEST) continue;
      known.add(text).add(JSON.stringify(text).slice(1, -1)).add(encodeURIComponent(text));
    }
  }
  // The longest first, so that no rest of one is left by another that is part of it.
  const longestFirst = [...known].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}
