import type { Figure } from "./measurement.ts";

/** What one repetition gave for both sides. */
export type Pair<T> = { readonly ours: T; readonly baseline: T };

/** One way to do a thing: does it once, the nth time (from 0), and answers what was measured. */
export type Side<T> = (repetition: number) => Promise<T>;

/**
 * Measures ours and a baseline turn and turn about, so that whatever else the machine does falls on both. Who comes
 * first changes with each repetition. The first repetition warms up and does not count.
 */
export async function interleave<T>(
  ours: Side<T>,
  baseline: Side<T>,
  repetitions: number,
): Promise<Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const first = repetition % 2 === 0 ? await ours(repetition) : await baseline(repetition);
    const second = repetition % 2 === 0 ? await baseline(repetition) : await ours(repetition);
    const pair = repetition % 2 === 0 ? { ours: first, baseline: second } : { ours: second, baseline: first };
    if (repetition > 0) pairs.push(pair);
  }
  return pairs;
}

/** The median and the middle half of what each repetition says: ours divided by the baseline of the same repetition. */
export function ratioOf<T>(
  pairs: readonly Pair<T>[],
  quantity: (measured: T) => number,
): Pick<Figure, "value" | "unit" | "spread"> {
  const ratios = pairs.map(({ ours, baseline }) => quantity(ours) / quantity(baseline));
  if (ratios.length === 0 || !ratios.every((ratio) => Number.isFinite(ratio) && ratio > 0))
    throw new Error(`these are no ratios: ${JSON.stringify(ratios)}`);
  const sorted = ratios.toSorted((one, other) => one - other);
  const spread = { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75), repetitions: sorted.length };
  return { value: quantile(sorted, 0.5), unit: "ratio", spread };
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
