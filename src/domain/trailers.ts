/** One `Pulumiscale-…: value` line. */
export type Trailer = { key: string; value: string };

const LINE = /^Pulumiscale-([A-Za-z-]{1,40}):(.*)$/;

/**
 * Reads the `Pulumiscale-…` lines of a message wherever they stand: a squash merge may append lines below them,
 * after which `git interpret-trailers` no longer sees them.
 */
export function parseTrailers(message: string): Trailer[] {
  const trailers: Trailer[] = [];
  for (const line of message.split(/\r\n|\n|\r/)) {
    const match = LINE.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined)
      trailers.push({ key: match[1], value: match[2].trim() });
  }
  return trailers;
}

/** Writes trailers, one a line. A value that holds a line break would forge a trailer: it is folded into one line. */
export function formatTrailers(trailers: readonly Trailer[]): string {
  return trailers
    .map(({ key, value }) => `Pulumiscale-${key}: ${value.replace(/[\r\n\u2028\u2029\u0085]+/g, " ")}`)
    .join("\n");
}
