/** What a GET brought: a whole answer of any status, or why there is none. */
export type Got = { kind: "answered"; status: number; text: string } | { kind: "unanswered"; why: string };

export type GetOptions = { fetch: typeof fetch; withinMs: number; limitBytes: number };

/**
 * GETs a URL of SNS: no redirect is followed (it is an answer like any other), and neither a slow nor an endless answer costs
 * more than the limits. Sends nothing of ours along.
 */
export async function getFromSns(url: string, { fetch, withinMs, limitBytes }: GetOptions): Promise<Got> {
  const signal = AbortSignal.timeout(withinMs);
  try {
    const response = await fetch(url, { redirect: "manual", credentials: "omit", signal });
    const chunks: Uint8Array[] = [];
    let lengthBytes = 0;
    // Leaving the loop ends the answer.
    for await (const chunk of response.body ?? []) {
      lengthBytes += chunk.length;
      if (lengthBytes > limitBytes) return unanswered(`the answer has more than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
    return { kind: "answered", status: response.status, text: Buffer.concat(chunks).toString("utf8") };
  } catch (error) {
    return unanswered(signal.aborted ? `no answer within ${withinMs / 1000} s` : reasonOf(error));
  }
}

/** `fetch` says only "fetch failed"; the code of the cause tells a name that is unknown from a certificate that is not trusted. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "the connection failed";
}

function unanswered(why: string): Got {
  return { kind: "unanswered", why };
}
