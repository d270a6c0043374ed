import type { ScaleCommit } from "../domain/scale-commit.ts";
import type { Urgency } from "../forge/forge.ts";

/** A commit that makes any pool larger is a scale-out; what else it holds goes along without a write of its own. */
export function urgencyOf({ scales }: ScaleCommit): Urgency {
  return scales.some(({ from, to }) => to > from) ? "scale-out" : "other";
}
