import type { PlacedHold } from "../../src/domain/controls.ts";
import { at } from "./situations.ts";

const iso = (seconds: number) => new Date(at(seconds)).toISOString();
const said = (until: number | null) => ({
  until: until === null ? null : iso(until),
  by: "alice",
  at: iso(-60),
  why: "",
  in: "stack" as const,
});

type Over = { until?: number | null; by?: string; why?: string; in?: PlacedHold["in"]; at?: number };

function over({ until = 3600, at: atSeconds, ...rest }: Over) {
  return { ...said(until), ...rest, ...(atSeconds === undefined ? {} : { at: iso(atSeconds) }) };
}

/** A pause; `pool` null is of everything. Times are seconds from now; one hour unless said otherwise. */
export function aPause(
  pool: string | null = "web",
  { direction = "both", ...rest }: Over & { direction?: "in" | "out" | "both" } = {},
): PlacedHold & { kind: "pause" } {
  return { kind: "pause", pool, direction, ...over(rest) };
}

/** A pin of `web`. */
export function aPin(
  value: number,
  { pool = "web", ...rest }: Over & { pool?: string } = {},
): PlacedHold & {
  kind: "pin";
} {
  return { kind: "pin", pool, value, ...over(rest) };
}
