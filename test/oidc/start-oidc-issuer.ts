import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { formatClaims, type WorkflowRun } from "./format-claims.ts";

export interface TokenWish {
  readonly audience: string;
  /** When it is issued, in milliseconds since the epoch; now unless given. */
  readonly issuedAtMs?: number;
  /** GitHub's tokens live for five minutes. */
  readonly lifetimeSeconds?: number;
  /** Claims that are to be other than the run's own; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The variables by which a job asks for its token. */
export interface JobVariables {
  readonly ACTIONS_ID_TOKEN_REQUEST_URL: string;
  readonly ACTIONS_ID_TOKEN_REQUEST_TOKEN: string;
}

/** The OIDC issuer of GitHub Actions: signs tokens with the claims of a run, and publishes its keys. */
export interface OidcIssuer extends AsyncDisposable {
  /** As its tokens name it. */
  readonly url: string;
  /** The paths of all requests, in their order. */
  readonly requests: readonly string[];
  issueToken(run: WorkflowRun, wish: TokenWish): Promise<string>;
  /** Lets a job ask for tokens. */
  openJob(run: WorkflowRun): JobVariables;
  /** Signs with a new key from now on. `withdraw`: the old ones are published no more. */
  rotateKeys(old: "keep" | "withdraw"): Promise<void>;
  /** The newest published key. */
  publicKey(): JWK;
  /** Every answer is this status until it is null again. */
  failWith(status: number | null): void;
  stop(): Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

const algorithm = "RS256";

/** Making an RSA key takes a while, and the first one of an issuer is nobody's secret. */
let firstKey: Promise<SigningKey> | undefined;

async function makeKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  const kid = randomUUID();
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" },
  };
}

/** Starts it on a loopback port. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  firstKey ??= makeKey();
  let signing = await firstKey;
  let published = [signing];
  let failure: number | null = null;
  const requests: string[] = [];
  const jobs = new Map<string, WorkflowRun>();

  const server = createServer((request, response) => {
    void answer(request, response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;

  async function issueToken(run: WorkflowRun, wish: TokenWish): Promise<string> {
    const issuedAt = Math.floor((wish.issuedAtMs ?? Date.now()) / 1000);
    const claims = { ...formatClaims(run), ...wish.claims };
    return new SignJWT({
      jti: randomUUID(),
      iss: url,
      aud: wish.audience,
      nbf: issuedAt - 600,
      exp: issuedAt + (wish.lifetimeSeconds ?? 300),
      iat: issuedAt,
      ...claims,
    })
      .setProtectedHeader({ typ: "JWT", alg: algorithm, kid: signing.kid, x5t: signing.kid })
      .sign(signing.privateKey);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? "/", url);
    requests.push(target.pathname);
    const send = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (failure !== null) return void send(failure, {});
    switch (target.pathname) {
      case "/.well-known/openid-configuration":
        return void send(200, {
          issuer: url,
          jwks_uri: `${url}/.well-known/jwks`,
          subject_types_supported: ["public", "pairwise"],
          response_types_supported: ["id_token"],
          id_token_signing_alg_values_supported: [algorithm],
          scopes_supported: ["openid"],
        });
      case "/.well-known/jwks":
        return void send(200, { keys: published.map(({ jwk }) => jwk) });
      case "/token": {
        const run = jobs.get(request.headers.authorization ?? "");
        if (run === undefined) return void send(401, { message: "Bad credentials" });
        const audience = target.searchParams.get("audience") ?? `https://github.com/${run.owner}`;
        return void send(200, { count: 1, value: await issueToken(run, { audience }) });
      }
      default:
        return void send(404, {});
    }
  }

  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url,
    requests,
    issueToken,
    openJob: (run) => {
      const token = randomUUID();
      jobs.set(`Bearer ${token}`, run);
      return {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
      };
    },
    rotateKeys: async (old) => {
      signing = await makeKey();
      published = old === "keep" ? [...published, signing] : [signing];
    },
    publicKey: () => signing.jwk,
    failWith: (status) => {
      failure = status;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
