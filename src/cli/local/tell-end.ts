import { isFailure } from "../../domain/receipt.ts";
import type { ApplyEnd } from "../../workflows/apply-queue.ts";

/** Tells people how an apply ended: what was applied through `tell`, what went wrong through `warn`. */
export function tellEnd(end: ApplyEnd, tell: (line: string) => void, warn: (line: string) => void): void {
  if (end.kind === "failed") {
    warn(`The apply could not be tried: ${end.message}. It is tried again.`);
    return;
  }
  for (const { pool, from, to, outcome, message } of end.receipt?.pools ?? []) {
    const line = `${pool} ${from ?? "?"} → ${to} ${outcome}${message === "" ? "" : `: ${message}`}`;
    (isFailure(outcome) ? warn : tell)(line);
  }
  for (const problem of end.problems) warn(problem);
}
