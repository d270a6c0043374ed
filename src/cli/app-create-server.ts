import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { manifestFormUrl } from "../forge/app-manifest.ts";
import { renderCreatePage, renderMessagePage } from "./app-create-page.ts";

export type ManifestFlow = {
  /** GitHub, as people look at it. */
  serverUrl: string;
  organization: string | null;
  /** The manifest that sends the browser back to this address. */
  manifestFor: (redirectUrl: string) => object;
  waitMs: number;
  signal: AbortSignal;
};

export type OpenedFlow = {
  /** Where a person begins. Nobody can guess it. */
  startUrl: string;
  /** The code that GitHub has sent the browser back with. Rejects where none came in time, or the signal aborts. */
  code: Promise<string>;
  close: () => Promise<void>;
};

/**
 * Serves one round of GitHub's manifest flow on 127.0.0.1. A code counts only with the state of this very round, and only the first
 * one: another page in the same browser can neither begin one nor slip its own App in.
 */
export async function openManifestFlow(flow: ManifestFlow): Promise<OpenedFlow> {
  const state = randomBytes(32).toString("base64url");
  const startPath = `/${randomBytes(18).toString("base64url")}`;
  const { promise: code, resolve, reject } = Promise.withResolvers<string>();
  // Whoever waits for it hears of it; until then it is nobody's.
  code.catch(() => {});
  let isUsed = false;
  const server = createServer((request, response) => send(response, answer(request)));
  const port = await listen(server);
  const origin = `http://127.0.0.1:${port}`;

  const answer = (request: IncomingMessage): Page => {
    const url = URL.parse(request.url ?? "", origin);
    // A name that somebody points at 127.0.0.1 is not this address.
    if (url === null || request.headers.host !== `127.0.0.1:${port}`) return REFUSED;
    if (request.method !== "GET") return { ...NOT_FOUND, status: 405 };
    if (url.pathname === startPath) {
      const formUrl = manifestFormUrl(flow.serverUrl, flow.organization, state);
      return { status: 200, html: renderCreatePage(formUrl, flow.manifestFor(`${origin}/created`)) };
    }
    if (url.pathname !== "/created") return NOT_FOUND;
    const given = url.searchParams.get("code") ?? "";
    if (isUsed || !isSame(url.searchParams.get("state") ?? "", state) || !CODE.test(given)) return REFUSED;
    isUsed = true;
    resolve(given);
    return DONE;
  };

  const stop = (why: string) => () => reject(new Error(why));
  const timer = setTimeout(
    stop(
      `No App was confirmed within ${flow.waitMs / 60_000} minutes. Start again; an App that was made meanwhile can be deleted on GitHub.`,
    ),
    flow.waitMs,
  );
  const onAbort = stop("It was interrupted before the App was confirmed; nothing was written.");
  flow.signal.addEventListener("abort", onAbort, { once: true });
  if (flow.signal.aborted) onAbort();
  return {
    startUrl: `${origin}${startPath}`,
    code,
    close: async () => {
      clearTimeout(timer);
      flow.signal.removeEventListener("abort", onAbort);
      const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
      server.close(() => onClosed());
      server.closeIdleConnections();
      // The last page may still be on its way.
      setTimeout(() => server.closeAllConnections(), 1000).unref();
      await closed;
    },
  };
}

const CODE = /^[\w-]{1,200}$/;

/** In constant time, also for another length. */
function isSame(given: string, state: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(state)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: "127.0.0.1", port: 0 }, () => resolve());
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("No port could be opened on 127.0.0.1.");
  return address.port;
}

type Page = { status: number; html: string };

const DONE: Page = {
  status: 200,
  html: renderMessagePage("Done here", "Go back to the terminal; this page may be closed."),
};
const REFUSED: Page = {
  status: 403,
  html: renderMessagePage(
    "Not here",
    "This is not the answer that was waited for: it was used already, or begun elsewhere. Begin at the address in the terminal.",
  ),
};
const NOT_FOUND: Page = {
  status: 404,
  html: renderMessagePage("Not here", "There is nothing here. Begin at the address in the terminal."),
};

function send(response: ServerResponse, { status, html }: Page): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    // So that the process can end at once.
    connection: "close",
  });
  response.end(html);
}
