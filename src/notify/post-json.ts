import type { Sent } from "./notifier.ts";

export type JsonPost = {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  signal: AbortSignal;
  /** Makes a word of the beginning of an answer that is no success; null for an answer that is not to be told. */
  readRefusal?: (beginning: string) => string | null;
};

/** Of an answer that is no success, so many bytes are read. */
const MOST_BYTES = 1_000;
/** Nobody is waited for longer, whatever they ask for. */
const LONGEST_WAIT_MS = 60_000;

/** POSTs JSON. No redirect is followed: it would take the message, and with Slack the address, to somebody else. */
export async function postJson({ url, headers, body, signal, readRefusal }: JsonPost): Promise<Sent> {
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", "user-agent": "pulumiscale", ...headers },
      body,
      signal,
    });
    const { status, ok } = response;
    const reads = !ok && readRefusal !== undefined;
    const refusal = reads ? readRefusal(await readBeginning(response)) : null;
    if (!reads) await response.body?.cancel();
    if (ok) return { kind: "sent" };
    const why = `it answered ${status}${refusal === null ? "" : ` (${refusal})`}`;
    if (status >= 300 && status < 400)
      return { kind: "refused", why: `${why}, and redirects are not followed` };
    if (status < 500 && status !== 429 && status !== 408) return { kind: "refused", why };
    return { kind: "again", why, afterMs: waitOf(response.headers.get("retry-after")) };
  } catch (error) {
    const why = signal.aborted ? "no answer came in time" : `the connection failed${codeOf(error)}`;
    return { kind: "again", why, afterMs: null };
  }
}

async function readBeginning(response: Response): Promise<string> {
  let text = "";
  // Leaving the loop ends the answer.
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString("latin1");
    if (text.length >= MOST_BYTES) break;
  }
  return text.slice(0, MOST_BYTES);
}

/** Of `Retry-After` in seconds; null where there is none, or a date. */
function waitOf(header: string | null): number | null {
  if (header === null || !/^\d{1,6}$/.test(header)) return null;
  return Math.min(Number(header) * 1000, LONGEST_WAIT_MS);
}

/** A code such as ECONNREFUSED; a message may hold the address. */
export function codeOf(error: unknown): string {
  const causes = [error, error instanceof Error ? error.cause : undefined];
  for (const cause of causes)
    if (cause instanceof Error && "code" in cause && /^[A-Z][A-Z0-9_]{1,60}$/.test(String(cause.code)))
      return ` (${String(cause.code)})`;
  return "";
}
