import { z } from "zod";
import type { Mistake } from "../domain/command-mistake.ts";
import { parseDuration, parsePointOfTime } from "../domain/command-time.ts";
import { Direction } from "../domain/controls.ts";
import { PoolName } from "../domain/names.ts";
import { Amount } from "./amount.ts";
import { type Parsed, unprocessable } from "./parsed.ts";

/* Strict, as the bodies of other direct calls are: a mistyped `until` would pause for ever. */

const pool = PoolName.describe("The pool; the whole stack where it is left out.").optional();
const why = z.string().max(1_000).describe("Shown wherever it holds something back.").optional();
const end = {
  for: z.string().max(100).describe("For how long: `30m`, `2h`, `1d`.").optional(),
  until: z.string().max(100).describe("Until when, in ISO 8601.").optional(),
};
const ONE_END = { message: 'give at most one of "for" and "until"' };
const hasOneEnd = (body: End) => body.for === undefined || body.until === undefined;

type End = { for?: string | undefined; until?: string | undefined };

/** Body of `POST /pause`. */
export const PauseBody = z
  .strictObject({
    pool,
    direction: Direction.describe("`in`: it does not shrink; `out`: it does not grow.").default("both"),
    ...end,
    why,
  })
  .refine(hasOneEnd, ONE_END);

/** Body of `POST /pin`. */
export const PinBody = z
  .strictObject({ pool: PoolName, value: Amount.describe("The value to hold the pool at."), ...end, why })
  .refine(hasOneEnd, ONE_END);

/** Body of `POST /resume`. */
export const ResumeBody = z.strictObject({ pool, why });

/** When a pause or a pin is over, in milliseconds since the epoch; null where somebody has to end it. */
export function parseEnd(body: End, nowMs: number): Parsed<number | null> {
  if (body.for !== undefined) return toEnd("$.for", parseDuration(body.for), nowMs);
  if (body.until !== undefined) return toEnd("$.until", parsePointOfTime(body.until, nowMs), nowMs);
  return { kind: "parsed", value: null };
}

function toEnd(path: string, read: ReturnType<typeof parseDuration>, nowMs: number): Parsed<number | null> {
  if (read.kind === "mistake") return unprocessable({ path, message: plain(read) });
  const { until } = read;
  if (until === null) return { kind: "parsed", value: null };
  return { kind: "parsed", value: until.kind === "for" ? nowMs + until.ms : until.atMs };
}

function plain({ message }: Mistake): string {
  return message.replaceAll("`", "");
}
