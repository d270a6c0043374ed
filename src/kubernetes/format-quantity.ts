import { ONE_UNIT } from "./quantity.ts";

/** Billionths as people write them: `1500m` of CPU, `1536Mi` of memory. What is finer than a thousandth of CPU or a byte is rounded up. */
export function formatQuantity(resource: string, value: bigint): string {
  if (value < 0n) return `-${formatQuantity(resource, -value)}`;
  if (resource === "cpu") {
    const thousandths = ceilDivide(value, ONE_UNIT / 1000n);
    return thousandths % 1000n === 0n ? String(thousandths / 1000n) : `${thousandths}m`;
  }
  const units = ceilDivide(value, ONE_UNIT);
  if (resource !== "memory" || units === 0n) return String(units);
  const suffixes = ["", "Ki", "Mi", "Gi", "Ti"];
  let [rest, level] = [units, 0];
  while (rest % 1024n === 0n && level < suffixes.length - 1) [rest, level] = [rest / 1024n, level + 1];
  return `${rest}${suffixes[level]}`;
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
