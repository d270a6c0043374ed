import { cleanLine } from "../domain/clean-text.ts";
import type { Ask, SourceName } from "../domain/intent.ts";
import type { Reason } from "../domain/reasons.ts";

/** What one alert or one direct call asks for, or why it asks for nothing that can be served. */
export type Demand = AskingDemand | RefusedDemand;

export type AskingDemand = {
  kind: "ask";
  /** The alias of the stack and the name of the pool, from the URL or as the alert spells them: not known to exist. */
  alias: string;
  pool: string;
  ask: Ask;
  source: SourceName;
  /** 16 hex digits; see `eventIdentity`. */
  event: string;
  /** One clean line for people. */
  summary: string;
};

export type RefusedDemand = {
  kind: "refuse";
  /** What is known of the stack and the pool; clean text, empty where the alert names none. */
  alias: string;
  pool: string;
  reason: Reason;
};

/** What the URL says of the stack and the pool; null where the route leaves it to the alerts. */
export type UrlScope = {
  alias: string | null;
  /** What the stack was called before: an alert may name it so. */
  formerAliases?: readonly string[] | undefined;
  pool: string | null;
};

/** A name from an alert, fit for an answer: as it is where it could be a name, else as a clean line. */
export function shownName(name: string): string {
  return /^[A-Za-z0-9._-]{1,100}$/.test(name) ? name : cleanLine(name, 100);
}
