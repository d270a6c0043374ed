import { readFileSync } from "node:fs";
import type { Envelope } from "./sign-envelope.ts";

export type RecordedName =
  | "metric-alarm"
  | "metric-alarm-version-2"
  | "metric-alarm-without-subject"
  | "metric-math"
  | "anomaly-detection"
  | "composite"
  | "contributor"
  | "china"
  | "ok"
  | "insufficient-data"
  | "published-by-hand"
  | "eventbridge"
  | "subscription-confirmation"
  | "unsubscribe-confirmation";

/** A body of `fixtures/payloads/sns`, with the signature and time of its record. */
export function recordedEnvelope(name: RecordedName): Envelope {
  return JSON.parse(
    readFileSync(new URL(`../../fixtures/payloads/sns/${name}.json`, import.meta.url), "utf8"),
  );
}
