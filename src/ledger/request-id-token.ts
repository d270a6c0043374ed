import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** Asks the place where a job runs for an OIDC token with this audience. */
export type RequestIdToken = (audience: string) => Promise<string>;

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const Answer = z.object({ value: z.string().min(1) });

/**
 * How a job of GitHub Actions asks for its token; null where it may not (no `permissions: id-token: write`, or no GitHub
 * Actions). `url` and `token` are ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
 */
export function idTokenRequest(url: string | undefined, token: string | undefined): RequestIdToken | null {
  if (!url || !token) return null;
  return async (audience) => {
    const target = new URL(url);
    target.searchParams.set("audience", audience);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(target, token);
      } catch (cause) {
        if (attempt === ATTEMPTS) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Error(
            `GitHub gave no OIDC token for the ledger entry (${why}). Run it again; on a server without OIDC, set \`ledger: trust-writers\` in .github/pulumiscale.yml.`,
            { cause },
          );
        }
        await delay((0.5 + Math.random()) * 500 * attempt);
      }
    }
  };
}

async function ask(url: URL, token: string): Promise<string> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: "application/json; api-version=2.0" },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return Answer.parse(await response.json()).value;
}
