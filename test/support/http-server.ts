import { createHttpApp, type HttpAppOptions } from "../../src/http/http-app.ts";
import { type HttpServer, type ServeHttpOptions, serveHttp } from "../../src/http/serve-http.ts";
import { MemoryScaling, type MemoryStack, stackName } from "./memory-scaling.ts";
import { type RecordedLogger, recordedLogger } from "./recorded-logger.ts";

export const PROD_TOKEN = "prod-0123456789abcdef0123456789ab";
export const TEAM_TOKEN = "team-0123456789abcdef0123456789ab";
/** The headers of a caller with the token of both stacks. */
export const team = { authorization: `Bearer ${TEAM_TOKEN}` };
/** Also a token of `shop.prod`; the one that the server holds itself and so can check signatures with. */
export const HMAC_SECRET = "hmac-0123456789abcdef0123456789ab";
export const METRICS_TOKEN = "metrics-0123456789abcdef01234567";
export const PROD = stackName("Acme", "infra", "shop.prod");
export const STAGING = stackName("Acme", "infra", "shop.staging");
export const OTHER = stackName("acme", "other", "api.prod");

/** The server on a loopback port, with three stacks of two repositories; closed by `await using`. */
export type TestServer = AsyncDisposable & {
  url: string;
  port: number;
  server: HttpServer;
  scaling: MemoryScaling;
  log: RecordedLogger;
  /** POSTs JSON (text as it is) with the token of the stack `shop.prod`, unless other headers are given. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  get: (path: string, headers?: Record<string, string>) => Promise<Response>;
};

export async function startServer(
  app: Partial<HttpAppOptions> = {},
  serve: Partial<ServeHttpOptions> = {},
): Promise<TestServer> {
  const stacks: MemoryStack[] = [
    {
      name: PROD,
      tokens: [PROD_TOKEN, TEAM_TOKEN, HMAC_SECRET],
      pools: new Map([
        ["web", 2],
        ["workers", 5],
      ]),
    },
    { name: STAGING, tokens: [TEAM_TOKEN], pools: new Map([["workers", 1]]) },
    { name: OTHER, tokens: [TEAM_TOKEN], pools: new Map([["api", 1]]) },
  ];
  const scaling = new MemoryScaling(stacks);
  scaling.hmacSecret = HMAC_SECRET;
  const log = recordedLogger();
  const built = createHttpApp({
    scaling,
    defaultStack: PROD,
    metrics: { token: METRICS_TOKEN, stacks: () => stacks.map(({ name }) => name) },
    logger: log.logger,
    clock: Date.now,
    version: "1.2.3",
    ...app,
  });
  const server = await serveHttp(built, { host: "127.0.0.1", port: 0, stopWithinMs: 1_000, ...serve });
  const url = `http://127.0.0.1:${server.port}`;
  const bearer = { authorization: `Bearer ${PROD_TOKEN}` };
  return {
    url,
    port: server.port,
    server,
    scaling,
    log,
    post: (path, body, headers = bearer) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    get: (path, headers = bearer) => fetch(url + path, { headers }),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
