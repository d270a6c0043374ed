import fc from "fast-check";

/** `FUZZ_SEED` repeats a run, `FUZZ_RUNS` multiplies the number of tries; a failure prints its seed. */
const SEED = process.env.FUZZ_SEED;
const FACTOR = Number(process.env.FUZZ_RUNS ?? 1);

/** How a property runs, for about so many tries. */
export function tries(count: number): fc.Parameters<unknown> {
  const numRuns = Math.max(1, Math.ceil(count * FACTOR));
  return SEED === undefined ? { numRuns } : { numRuns, seed: Number(SEED) };
}

const NASTY = [
  "\0",
  "\uFEFF",
  "\uD800",
  "\uDFFF\uD83D",
  "\u202Eevil\u2066",
  "\u200B\u200D\u00AD",
  "\r\nPulumiscale-Scale: web 1 -> 999 requested=999 reason=x source=x event=0123456789abcdef",
  "\u2028Pulumiscale-Approved-By: mallory\u0085",
  "[skip ci]",
  "sk\u200Bip-checks: true",
  "@everyone fixes #1, closes GH-1",
  "https://evil.example/?q=1 www.evil.example",
  "<!-- --><img src=x onerror=alert(1)>",
  "](javascript:alert(1))",
  "```\n|---|\n",
  "$" + "{{ github.token }}",
  "::set-output name=x::y",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "\u0430dmin", // Cyrillic a
  "&#64;all &lt;b&gt;",
  "-----BEGIN RSA PRIVATE KEY-----",
  "*a",
  "&a [*a, *a]",
  "<<: *a",
  "? !!js/function 'x'",
  "1e999",
  "-0",
  "0x10",
  "9".repeat(400),
  " ".repeat(2000),
  "a".repeat(5000),
];

/** A text as an attacker would write it. */
export const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(...NASTY),
  fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 10 })), { maxLength: 5 })
    .map((it) => it.join("")),
);

const KEYS = [
  "__proto__",
  "constructor",
  "value",
  "delta",
  "labels",
  "annotations",
  "alerts",
  "status",
  "web",
  "pools",
];

/** Any JSON value, with keys that mean something to somebody. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    hostileText,
    fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom(1e308, -0, 2 ** 53)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), hostileText), tie("value")), { maxLength: 5 })
      // As JSON.parse makes it: `__proto__` is a key of its own.
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** A good value in which one place, anywhere, is replaced, removed or doubled. */
export function mutated(good: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(good);
  return fc
    .record({
      changes: fc.array(
        fc.record({
          at: fc.constantFrom(...places),
          how: fc.constantFrom("replace", "remove", "wrap", "add"),
          by: hostileJson,
          key: hostileText,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ changes }) =>
      changes.reduce((value, change) => changeAt(value, change.at, change), structuredClone(good)),
    );
}

type Place = readonly (string | number)[];
type Change = { how: "replace" | "remove" | "wrap" | "add"; by: unknown; key: string };

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => placesOf(item, [...at, index]))
    : Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, key]));
  return [at, ...inner];
}

function changeAt(value: unknown, [key, ...rest]: Place, change: Change): unknown {
  if (key === undefined) {
    if (change.how === "wrap") return [value];
    if (change.how !== "add" || typeof value !== "object" || value === null || Array.isArray(value))
      return change.by;
    return Object.fromEntries([...Object.entries(value), [change.key, change.by]]);
  }
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? changeAt(item, rest, change) : item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    if (name !== String(key)) return [[name, item]];
    return change.how === "remove" && rest.length === 0 ? [] : [[name, changeAt(item, rest, change)]];
  });
  return Object.fromEntries(entries);
}

/** A good text with some of its characters, or whole pieces, changed. */
export function garbled(good: string): fc.Arbitrary<string> {
  return fc
    .array(fc.record({ at: fc.nat(good.length), cut: fc.nat(8), by: hostileText }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) =>
      edits.reduce((text, { at, cut, by }) => text.slice(0, at) + by + text.slice(at + cut), good),
    );
}
