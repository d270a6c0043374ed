/**
 * The value of a Kubernetes quantity (`500m`, `1Gi`, `1e3`, `0.5`), in billionths of its unit: exact, so that quantities are added
 * and compared as what they are. Null where the text is none. As Kubernetes reads it: what is finer than a billionth is rounded
 * away from zero, and a binary suffix goes no higher than 2^63-1.
 * The grammar: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 */
export function parseQuantity(text: string): bigint | null {
  const found = text.length > LONGEST ? null : QUANTITY.exec(text);
  if (found === null) return null;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = found;
  if (whole === "" && fraction === "") return null;
  const binary = BINARY.indexOf(suffix) + 1;
  const exponent = binary > 0 ? 0 : decimalExponent(suffix);
  const digits = BigInt(`${whole}${fraction}`) * 1024n ** BigInt(binary);
  const scaled = shift(digits, NANO_DIGITS - fraction.length + exponent);
  const size = binary > 0 && scaled > LARGEST_BINARY ? LARGEST_BINARY : scaled;
  return sign === "-" ? -size : size;
}

/** A billionth's billion: one whole unit, as `parseQuantity` counts. */
export const ONE_UNIT = 1_000_000_000n;

const NANO_DIGITS = 9;
const LARGEST_BINARY = (2n ** 63n - 1n) * ONE_UNIT;
/** Longer ones are no quantities of anything that runs. */
const LONGEST = 64;
const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,4})?$/;
const BINARY: readonly string[] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

function decimalExponent(suffix: string): number {
  return DECIMAL[suffix] ?? Number(suffix.slice(1));
}

/** Times a power of ten; what a division leaves over counts as one more. */
function shift(value: bigint, places: number): bigint {
  if (places >= 0) return value * 10n ** BigInt(places);
  const divisor = 10n ** BigInt(-places);
  return value / divisor + (value % divisor === 0n ? 0n : 1n);
}
