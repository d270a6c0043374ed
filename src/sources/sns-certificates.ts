import type { KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type CertificatePlace, checkCertificate } from "./sns-certificate.ts";
import { getFromSns } from "./sns-get.ts";

export type SnsCertificatesOptions = {
  fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  clock: () => number;
};

/** The key of a certificate, or why there is none: for good, or for the moment. */
export type KeyLookup =
  | { kind: "key"; key: KeyObject }
  | { kind: "bad"; why: string }
  | { kind: "unavailable"; why: string };

type Fetching = { place: CertificatePlace; topicArn: string };

/** SNS has one certificate per region and a new one now and then; a topic that needs more is being played with. */
const MAX_CERTIFICATES = 200;
const MAX_TOPICS = 1_000;
const FETCHES_PER_TOPIC_AND_MINUTE = 5;
const KEPT_MS = 24 * 60 * 60_000;
const FETCH_WITHIN_MS = 4_000;
const LIMIT_BYTES = 16_384;

/**
 * The certificates of SNS, fetched once for all who wait, kept for a day at most. Only good ones are kept, so that bad ones
 * push none out; and each topic has a budget of fetches, so that made-up URLs cost nobody else anything.
 */
export class SnsCertificates {
  readonly #options: SnsCertificatesOptions;
  readonly #keys: LRUCache<string, KeyObject, Fetching>;
  readonly #fetches: LRUCache<string, number>;

  constructor(options: SnsCertificatesOptions) {
    this.#options = options;
    // Resolution 0: the clock is asked each time, since it is not always the machine's own.
    const time = { perf: { now: options.clock }, ttlResolution: 0 };
    this.#fetches = new LRUCache({ max: MAX_TOPICS, ttl: 60_000, ...time });
    this.#keys = new LRUCache<string, KeyObject, Fetching>({
      max: MAX_CERTIFICATES,
      ttl: KEPT_MS,
      ...time,
      fetchMethod: async (_url, _stale, { context, options: entry }) => {
        const { key, validToMs } = await this.#fetch(context);
        entry.ttl = Math.min(KEPT_MS, Math.max(1, validToMs - options.clock()));
        return key;
      },
    });
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#keys.size;
  }

  /** The key that signs for a topic; the place is one of `placeOfCertificate`. */
  async find(place: CertificatePlace, topicArn: string): Promise<KeyLookup> {
    try {
      const key = await this.#keys.fetch(place.url, { context: { place, topicArn } });
      return key === undefined ? unavailable("it was pushed out at once") : { kind: "key", key };
    } catch (error) {
      if (error instanceof NoKeyError) return error.lookup;
      throw error;
    }
  }

  async #fetch({ place, topicArn }: Fetching): Promise<{ key: KeyObject; validToMs: number }> {
    const fetched = this.#fetches.get(topicArn) ?? 0;
    if (fetched >= FETCHES_PER_TOPIC_AND_MINUTE)
      throw new NoKeyError(unavailable("the topic has named too many certificates in the last minute"));
    this.#fetches.set(topicArn, fetched + 1, { noUpdateTTL: true });
    const { fetch, clock } = this.#options;
    const got = await getFromSns(place.url, { fetch, withinMs: FETCH_WITHIN_MS, limitBytes: LIMIT_BYTES });
    if (got.kind === "unanswered") throw new NoKeyError(unavailable(got.why));
    // No status is final: a certificate that is new may not be everywhere yet, and a forger gains nothing by trying again.
    if (got.status !== 200) throw new NoKeyError(unavailable(`the answer was ${got.status}`));
    const checked = checkCertificate(got.text, place.names, clock());
    if (checked.kind === "bad") throw new NoKeyError(checked);
    return { key: checked.certificate.publicKey, validToMs: checked.validToMs };
  }
}

/** A rejection is what the cache does not keep. */
class NoKeyError extends Error {
  readonly code = "no-key";
  readonly lookup: KeyLookup;
  constructor(lookup: Exclude<KeyLookup, { kind: "key" }>) {
    super(lookup.why);
    this.name = "NoKeyError";
    this.lookup = lookup;
  }
}

function unavailable(why: string): { kind: "unavailable"; why: string } {
  return { kind: "unavailable", why };
}
