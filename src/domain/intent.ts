/** How much is asked for: an absolute value, a difference, or (alerts only) the pool's own step. */
export type Ask = { kind: "value"; value: number } | { kind: "delta"; delta: number } | { kind: "step" };

/** Where a demand came from; `revert` is our own, of a value that could not be applied. Alert sources obey the pool's strategy, direct ones may always set or move. */
export type SourceName =
  | "prometheus"
  | "cloudwatch"
  | "count"
  | "delta"
  | "scale"
  | "cli"
  | "comment"
  | "revert";

/** Who asks which pool to move, by how much, why, and the identity of the event that asked. */
export type Intent = {
  pool: string;
  ask: Ask;
  source: SourceName;
  /** A login, or the name of the source; shown in the trailer `Pulumiscale-Requested-By`. */
  requestedBy: string;
  /** 16 hex digits; the same event always has the same identity. See `eventIdentity`. */
  event: string;
  /** One clean line for people: the alert's name and summary. Text from outside, already cleaned by `cleanLine`. */
  summary: string;
};

/** True for demands that a monitoring system sent on its own. */
export function isAlert(source: SourceName): boolean {
  return source === "prometheus" || source === "cloudwatch";
}
