import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { HttpApp } from "./http-app.ts";
import { problem } from "./problem.ts";

export type ServeHttpOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** GitHub's own webhooks, at `POST /api/github/webhooks`; see `capGitHubWebhooks`. */
  githubWebhooks?: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  /** How long a request may take to arrive, headers and all, in milliseconds. */
  headersWithinMs?: number;
  requestWithinMs?: number;
  /** How long `stop` waits for running requests, in milliseconds. */
  stopWithinMs?: number;
};

export type HttpServer = {
  port: number;
  /** Accepts no more, lets running requests finish for a while, then cuts them off. May be called twice. */
  stop: () => Promise<void>;
};

/** The port cannot be had. */
export class ListenError extends Error {
  readonly code = "cannot-listen";
  constructor(host: string, port: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`The server cannot listen on ${host}:${port} (${why}). Free the port, or set another one.`, {
      cause,
    });
    this.name = "ListenError";
  }
}

/** Serves the app on a port. Throws `ListenError`. */
export async function serveHttp(app: HttpApp, options: ServeHttpOptions): Promise<HttpServer> {
  const {
    host,
    port,
    githubWebhooks,
    headersWithinMs = 10_000,
    requestWithinMs = 20_000,
    stopWithinMs = 10_000,
  } = options;
  const answer = getRequestListener(app.fetch, {
    errorHandler: () => problem("bad-request", "The request target or the Host header is not valid."),
  });
  const server = createServer(
    {
      headersTimeout: headersWithinMs,
      requestTimeout: requestWithinMs,
      connectionsCheckingInterval: Math.min(1_000, requestWithinMs / 4),
      keepAliveTimeout: 65_000,
    },
    (incoming, outgoing) => {
      const run = githubWebhooks !== undefined && isGitHubWebhook(incoming) ? githubWebhooks : answer;
      void run(incoming, outgoing);
    },
  );
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => reject(new ListenError(host, port, error)));
  server.listen(port, host, resolve);
  await listening;

  let stopping: Promise<void> | null = null;
  async function stop(): Promise<void> {
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    server.close(() => onClosed());
    // A kept-alive connection becomes idle only when its running request has been answered.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cutOff = setTimeout(() => server.closeAllConnections(), stopWithinMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cutOff);
  }
  return {
    port: portOf(server.address()),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function isGitHubWebhook({ url = "" }: IncomingMessage): boolean {
  const end = url.indexOf("?");
  return (end === -1 ? url : url.slice(0, end)) === "/api/github/webhooks";
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}
