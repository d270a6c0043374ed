import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { errorFacts } from "./error-facts.ts";
import { type HeldBytes, readStrangersBody } from "./read-body.ts";

/** A Node.js middleware such as Probot's; what it returns is awaited. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

export type GitHubWebhooksOptions = {
  logger: Logger;
  clock: Clock;
  /** GitHub sends no payload over 25 MB. */
  bodyLimitBytes?: number;
  /** What bodies of strangers may hold together; a limit of the whole process unless given. */
  held?: HeldBytes;
};

/**
 * Puts a body cap and a log line in front of the handler of GitHub's own webhooks. Octokit's middleware reads bodies
 * without a limit (a POST of 300 MB cost 1.2 GB), but takes over a body that was read before it, as cloud functions do.
 */
export function capGitHubWebhooks(
  handler: NodeHandler,
  options: GitHubWebhooksOptions,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  const { logger, clock, bodyLimitBytes = 25_000_000, held } = options;
  return async (incoming, outgoing) => {
    const startedAtMs = clock();
    try {
      const read = await readStrangersBody(incoming, bodyLimitBytes, held);
      if (read.kind === "read") {
        await handler(Object.assign(incoming, { body: {}, rawBody: read.body }), outgoing);
        if (!outgoing.headersSent) end(outgoing, 404);
      } else end(outgoing.setHeader("connection", "close"), UNREAD[read.kind]);
    } catch (error) {
      logger.error({ error: errorFacts(error) }, "webhook of GitHub failed");
      if (!outgoing.headersSent) end(outgoing, 500);
    }
    const { "x-github-event": event, "x-github-delivery": delivery } = incoming.headers;
    logger.info(
      {
        method: incoming.method,
        route: "/api/github/webhooks",
        status: outgoing.statusCode,
        ms: clock() - startedAtMs,
        event: word(event),
        delivery: word(delivery),
      },
      "request",
    );
  };
}

const UNREAD = { "too-large": 413, broken: 400, busy: 503 } as const;

function end(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status).end();
}

/** Headers of a sender who may be anybody. */
function word(header: string | string[] | undefined): string | null {
  return typeof header === "string" && /^[\w-]{1,64}$/.test(header) ? header : null;
}
