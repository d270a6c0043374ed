/** `50%` of a number, rounded as told, or the bound that is a number; null where it is neither. */
export function shareOf(bound: number | string, of: number, round: (share: number) => number): number | null {
  if (typeof bound === "number") return bound;
  const percent = /^(\d{1,3})%$/.exec(bound)?.[1];
  return percent === undefined ? null : round((Number(percent) * of) / 100);
}
