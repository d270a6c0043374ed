import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { IssuerKeyError } from "./attestation.ts";

/** An answer to a sender is due in 8 s, and there are two requests. */
const TIMEOUT_MS = 3_000;
const MOST_BYTES = 256 * 1024;
/** Keys are looked at anew after this, so that one that the issuer has withdrawn opens nothing for long. */
const GOOD_FOR_MS = 60 * 60_000;
/** However many tokens name keys that nobody knows, the issuer is asked no more often. */
const ASK_AGAIN_AFTER_MS = 10_000;

const Configuration = z.object({ issuer: z.string(), jwks_uri: z.url() });
const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * The published keys of an OIDC issuer, read once and kept. A key that is not among them has them read again, one request
 * at a time and not more than once in ten seconds; while the issuer is away, the known ones go on.
 */
export class IssuerKeys {
  readonly issuer: string;
  readonly #clock: Clock;
  #keys: JWTVerifyGetKey | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(issuer: string, clock: Clock) {
    this.issuer = issuer.replace(/(?<!\/)\/+$/, "");
    this.#clock = clock;
  }

  /** The key of a token, for `jwtVerify`. Throws `IssuerKeyError`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (this.#clock() - this.#readAtMs > GOOD_FOR_MS) await this.#ask();
    const known = await this.#lookUp(header, token);
    if (known !== null) return known;
    await this.#ask();
    const fresh = await this.#lookUp(header, token);
    if (fresh !== null) return fresh;
    if (this.#failure !== null) {
      throw new IssuerKeyError("unreachable", `the keys of ${this.issuer} cannot be read`, {
        cause: this.#failure,
      });
    }
    throw new IssuerKeyError("unknown", `its token's key is not, or no longer, one of ${this.issuer}`);
  };

  async #lookUp(...[header, token]: Parameters<JWTVerifyGetKey>) {
    try {
      return (await this.#keys?.(header, token)) ?? null;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      throw error;
    }
  }

  /** Reads the keys, unless that was tried a moment ago. What fails is kept in `#failure`. */
  #ask(): Promise<void> {
    if (this.#asking !== null) return this.#asking;
    if (this.#clock() - this.#askedAtMs < ASK_AGAIN_AFTER_MS) return Promise.resolve();
    this.#askedAtMs = this.#clock();
    this.#asking = readKeys(this.issuer)
      .then(
        (keys) => {
          this.#keys = keys;
          this.#readAtMs = this.#clock();
          this.#failure = null;
        },
        (error: unknown) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}

async function readKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const configuration = Configuration.parse(
    await readJson(requireSafe(`${issuer}/.well-known/openid-configuration`)),
  );
  if (configuration.issuer !== issuer) throw new Error("the configuration is of another issuer");
  const url = requireSafe(configuration.jwks_uri);
  if (url.origin !== new URL(issuer).origin) throw new Error("the keys are kept on another host");
  return createLocalJWKSet(Keys.parse(await readJson(url)));
}

/** Keys that came over a line which others can write on would prove nothing. */
function requireSafe(text: string): URL {
  const url = new URL(text);
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback))
    throw new Error("an issuer's keys are read over https only");
  return url;
}

async function readJson(url: URL): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok || response.body === null) throw new Error(`${url.host} answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error(`${url.host} answered with over ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
