import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { cleanLine } from "../../src/domain/clean-text.ts";
import {
  formatMessage,
  formatScaleTrailers,
  formatSubject,
  parseScaleCommit,
  parseSubject,
  type Scale,
  type ScaleCommit,
} from "../../src/domain/scale-commit.ts";

const web: Scale = {
  pool: "web",
  from: 3,
  to: 5,
  requested: 9,
  reasons: ["requested", "above-max"],
  source: "prometheus",
  event: "0123456789abcdef",
};
const commit: ScaleCommit = { alias: "shop.prod", scales: [web], requestedBy: "prometheus" };

test.each([
  ["scale(shop.prod): web 3 → 5", { alias: "shop.prod", pool: "web", from: 3, to: 5 }],
  ["chore(shop.prod): web -3 → 5 (#12)\n\n", { alias: "shop.prod", pool: "web", from: -3, to: 5 }],
  [
    "scale(shop.prod): web 3 → 5\n\nCo-authored-by: Ada <ada@example.com>",
    { alias: "shop.prod", pool: "web", from: 3, to: 5 },
  ],
  ["scale(shop.prod): web 3 → 5\n\nPulumiscale-Stack: shop.prod", undefined],
  ["scale(shop.prod): 3 pools (#12)", undefined],
  ['Revert "scale(shop.prod): web 3 → 5"', undefined],
  ["feat: more\n\nscale(shop.prod): web 3 → 5", undefined],
  ["scale(shop.prod): web 3 -> 5", undefined],
])("the subject %j says %o of one pool", (message, expected) => {
  expect(parseSubject(message)).toEqual(expected);
});

describe("a scale commit", () => {
  it("has the subject, trailers and body that other programs read", () => {
    const { headline, body } = formatMessage(commit, "web: 3 → 5");
    expect(headline).toBe("scale(shop.prod): web 3 → 5");
    expect(body).toBe(
      [
        "web: 3 → 5",
        "",
        "Pulumiscale-Stack: shop.prod",
        "Pulumiscale-Scale: web 3 -> 5 requested=9 reason=requested,above-max source=prometheus event=0123456789abcdef",
        "Pulumiscale-Requested-By: prometheus",
      ].join("\n"),
    );
  });

  it("counts its pools where it has several, and takes a prefix for commit linters", () => {
    const three: ScaleCommit = { ...commit, scales: [web, { ...web, pool: "api" }, { ...web, pool: "gpu" }] };
    expect(formatSubject(three, "chore")).toBe("chore(shop.prod): 3 pools");
  });

  it("names the approver", () => {
    expect(formatScaleTrailers({ ...commit, approvedBy: "alice" })).toMatch(
      /^Pulumiscale-Approved-By: alice$/m,
    );
  });

  it("is read back from what a squash merge makes of it", () => {
    const { headline, body } = formatMessage({ ...commit, approvedBy: "alice" }, "prose");
    const squashed = `${headline} (#12)\r\n\r\n* ${headline}\r\n\r\n${body.replaceAll("\n", "\r\n")}\r\n\r\n---------\r\n\r\nCo-authored-by: x <x@y>`;
    expect(parseScaleCommit(squashed)).toEqual({ ...commit, approvedBy: "alice" });
  });

  it.each([
    ["another commit", "feat: something"],
    ["no stack", "x\n\nPulumiscale-Scale: web 3 -> 5 requested=5 reason=x source=y event=0123456789abcdef"],
    [
      "an alias that is none",
      "x\n\nPulumiscale-Stack: a..b\nPulumiscale-Scale: web 3 -> 5 event=0123456789abcdef",
    ],
    [
      "a line that is quoted",
      "> Pulumiscale-Stack: shop.prod\n> Pulumiscale-Scale: web 3 -> 5 event=0123456789abcdef",
    ],
    ["no event", "Pulumiscale-Stack: shop.prod\nPulumiscale-Scale: web 3 -> 5 requested=5"],
    [
      "a value that is no integer",
      "Pulumiscale-Stack: shop.prod\nPulumiscale-Scale: web 3 -> 5.5 event=0123456789abcdef",
    ],
  ])("is not seen in %s", (_, message) => {
    expect(parseScaleCommit(message)).toBeUndefined();
  });

  it("is read back whatever the numbers and names are", () => {
    const scale = fc.record<Scale>({
      pool: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/),
      from: fc.maxSafeNat(),
      to: fc.maxSafeNat(),
      requested: fc.integer({ min: -999_999_999, max: 999_999_999 }),
      reasons: fc.array(fc.constantFrom("requested", "above-max", "below-min"), {
        minLength: 1,
        maxLength: 3,
      }),
      source: fc.constantFrom("prometheus", "count"),
      event: fc.stringMatching(/^[0-9a-f]{16}$/),
    });
    fc.assert(
      fc.property(
        scale,
        fc.array(scale, { maxLength: 4 }),
        fc.string({ unit: "binary" }),
        (first, others, requester) => {
          const written: ScaleCommit = {
            alias: "a.b",
            scales: [first, ...others],
            requestedBy: cleanLine(requester, 80),
          };
          const { headline, body } = formatMessage({ ...written, requestedBy: requester }, "prose");
          expect(parseScaleCommit(`${headline}\n\n${body}`)).toEqual(written);
        },
      ),
    );
  });
});

describe("text from outside", () => {
  it.each([
    ["a line break", "a\nPulumiscale-Approved-By: eve", "a Pulumiscale-Approved-By: eve"],
    ["a carriage return and a line separator", "a\r\u2028\u0085b", "a b"],
    ["a mention", "ping @octocat now", "ping octocat now"],
    ["a team mention", "@org/team", "org/team"],
    ["a link", "see https://evil.example/x?y=z now", "see (link) now"],
    ["a bare link", "www.evil.example", "(link)"],
    ["a markdown link", "[click](javascript:1)", "click (javascript:1)"],
    ["an image", "![x](y)", "x (y)"],
    ["HTML", "<script>alert(1)</script>", "script alert(1) /script"],
    ["a table's end", "a | b", "a b"],
    ["an issue number", "fixes #12", "fixes 12"],
    ["a skip-ci marker", "[skip ci]", "(marker)"],
    ["its sisters", "[ci skip] [no ci] [skip actions] [actions skip]", "(marker) (marker) (marker) (marker)"],
    ["a marker whose brackets come apart", "[skip\u200bci] skip-checks:true", "(marker) (marker):true"],
    ["a bidi override", "a\u202eb", "a b"],
    ["backticks and emphasis", "`a` *b* _c_ ~d~", "a b c d"],
  ])("loses %s", (_, text, expected) => {
    expect(cleanLine(text)).toBe(expected);
  });

  it("is cut by whole characters, whatever its length", () => {
    expect(cleanLine("🙂".repeat(500), 10)).toBe(`${"🙂".repeat(9)}…`);
    expect(cleanLine("x".repeat(5_000_000), 10)).toHaveLength(10);
  });

  it("never carries a marker or a line break, whatever it is", () => {
    const nasty = fc.array(
      fc.constantFrom("skip", "ci", "no", "-", " ", "[", "]", "\n", "\u200b", "actions", "@", "checks", ":"),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(nasty, (parts) => {
        const line = cleanLine(parts.join(""));
        expect(line).not.toMatch(
          /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]|skip-checks:|[\r\n@]/i,
        );
      }),
    );
  });
});
