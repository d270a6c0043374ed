import fc from "fast-check";
import { expect, it } from "vitest";
import { ONE_UNIT, parseQuantity } from "../../src/kubernetes/quantity.ts";

const milli = (count: bigint) => (count * ONE_UNIT) / 1000n;
const units = (count: bigint) => count * ONE_UNIT;

it.each<[string, bigint]>([
  ["0", 0n],
  ["500m", milli(500n)],
  ["0.5", milli(500n)],
  [".5", milli(500n)],
  ["1.", units(1n)],
  ["1.G", units(10n ** 9n)],
  ["1", units(1n)],
  ["+1", units(1n)],
  ["-1", units(-1n)],
  ["001", units(1n)],
  ["1e3", units(1000n)],
  ["1E3", units(1000n)],
  ["1e+3", units(1000n)],
  ["1.5e-3", milli(1n) + milli(1n) / 2n],
  ["1E", units(10n ** 18n)],
  ["100n", 100n],
  ["3u", 3000n],
  ["2k", units(2000n)],
  ["2M", units(2n * 10n ** 6n)],
  ["2T", units(2n * 10n ** 12n)],
  ["2P", units(2n * 10n ** 15n)],
  ["1Ki", units(1024n)],
  ["512Mi", units(512n * 1024n ** 2n)],
  ["1Gi", units(1024n ** 3n)],
  ["1.5Gi", units(1536n * 1024n ** 2n)],
  ["1Ti", units(1024n ** 4n)],
  ["1Pi", units(1024n ** 5n)],
  ["7Ei", units(7n * 1024n ** 6n)],
  // As Kubernetes caps a binary one, and only that.
  ["8Ei", units(2n ** 63n - 1n)],
  ["18446744073709551616", units(2n ** 64n)],
  // Finer than a billionth counts as one.
  ["0.9n", 1n],
  ["-0.1n", -1n],
  ["1e-20", 1n],
  ["0e-20", 0n],
])("reads %s as Kubernetes does", (text, nano) => {
  expect(parseQuantity(text)).toBe(nano);
});

it.each([
  ...[
    "",
    " ",
    "m",
    ".",
    "+",
    "1 Gi",
    " 1",
    "1Gi ",
    "1gi",
    "1K",
    "1mi",
    "1ki",
    "1Gib",
    "1KiB",
    "1e",
    "1e3m",
    "1e1.5",
  ],
  ...[
    "1,5",
    "0x10",
    "1_000",
    "--1",
    "+-1",
    "1..2",
    "1e99999",
    "NaN",
    "Infinity",
    "１",
    "1\n",
    "1".repeat(65),
    "1%",
  ],
])("takes %j for no quantity", (text) => {
  expect(parseQuantity(text)).toBeNull();
});

it("adds and compares them as what they are", () => {
  const sum = (...texts: string[]) => texts.reduce((total, text) => total + (parseQuantity(text) ?? 0n), 0n);
  expect(sum("100m", "200m")).toBe(parseQuantity("0.3"));
  expect(sum("1Gi", "1G")).toBe(parseQuantity("2073741824"));
  expect(sum(...Array.from({ length: 10 }, () => "0.1"))).toBe(parseQuantity("1"));
  expect(sum("1G") < sum("1Gi")).toBe(true);
});

it("reads any number of thousandths as the same number of units by a thousand", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), (count) => {
      expect((parseQuantity(`${count}m`) ?? -1n) * 1000n).toBe(parseQuantity(`${count}`));
      expect(parseQuantity(`${count}e-3`)).toBe(parseQuantity(`${count}m`));
      expect(parseQuantity(`${count}Ki`)).toBe((parseQuantity(`${count}`) ?? -1n) * 1024n);
    }),
  );
});
