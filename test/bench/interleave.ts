import type { Spread } from "./measurement.ts";

/** A ratio of two costs, as its median and its spread. */
export type Ratio = { readonly value: number; readonly spread: Spread };

/** One way to do a thing: does it once, the nth time (from 0), and answers what it cost, in any unit. */
export type Side = (repetition: number) => Promise<number>;

/**
 * Measures ours against a baseline, turn and turn about, so that whatever else the machine does falls on both: each
 * repetition gives one ratio, and its first turn goes to the other side each time. The first repetition warms up and
 * does not count.
 */
export async function interleave(ours: Side, baseline: Side, repetitions: number): Promise<Ratio> {
  const ratios: number[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const cost = { ours: 0, baseline: 0 };
    const sides = repetition % 2 === 0 ? (["ours", "baseline"] as const) : (["baseline", "ours"] as const);
    for (const side of sides) cost[side] = await (side === "ours" ? ours : baseline)(repetition);
    if (!(cost.ours > 0 && cost.baseline > 0))
      throw new Error(`nothing was measured in repetition ${repetition}: ${JSON.stringify(cost)}`);
    if (repetition > 0) ratios.push(cost.ours / cost.baseline);
  }
  return toRatio(ratios);
}

/** The median and the middle half of ratios. */
export function toRatio(ratios: readonly number[]): Ratio {
  const sorted = ratios.toSorted((one, other) => one - other);
  const spread = { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75), repetitions: sorted.length };
  return { value: quantile(sorted, 0.5), spread };
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error("there are no repetitions");
  return below + (above - below) * (place - Math.floor(place));
}
