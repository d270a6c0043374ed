import { describe, expect, test } from "vitest";
import { parseContract } from "../../src/domain/contract.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";
import { readSnsTopics } from "../../src/domain/sns-topics.ts";
import { editPoolValue } from "../../src/domain/stack-file.ts";
import { parseJson } from "../../src/http/parse-json.ts";
import { digestEntry } from "../../src/ledger/attestation.ts";
import { formatEntry, parseEntry } from "../../src/ledger/entry.ts";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { parseAlertmanager } from "../../src/sources/alertmanager.ts";
import { parseCloudwatch } from "../../src/sources/cloudwatch.ts";
import { parseSnsMessage } from "../../src/sources/sns-message.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

const LOCATION = { project: "shop", configKey: "webCount" };
const VALUE = "config:\n  shop:webCount: 3\n";

/** Each is a text that costs a careless reader its memory, its stack or a minute. */
const YAML_BOMBS: readonly (readonly [what: string, text: string])[] = [
  ["ten billion laughs", aliasBomb()],
  ["thousands of aliases of one anchor", `a: &a x\nb: [${"*a,".repeat(2_000)}]\n`],
  ["lists in lists", "[".repeat(20_000)],
  ["lists in lists, closed", `a: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n`],
  ["maps in maps", "{a: ".repeat(8_000)],
  ["block lists in one line", `${"- ".repeat(20_000)}x\n`],
  ["block maps, each deeper", Array.from({ length: 400 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("")],
  ["keys of keys", "? ".repeat(20_000)],
  ["a huge key", `${"k".repeat(90_000)}: 1\n`],
  ["two thousand keys", Array.from({ length: 2_000 }, (_, index) => `k${index}: 1\n`).join("")],
  ["the same key again and again", "a: 1\n".repeat(2_000)],
  [
    "merge keys",
    `a: &a { x: 1 }\n${Array.from({ length: 500 }, (_, index) => `b${index}: { <<: *a }\n`).join("")}`,
  ],
  ["a merge of itself", "a: &a { <<: *a }\n"],
  ["tags", "!!js/function > x\n".repeat(1_000)],
  ["documents", "---\n".repeat(2_000)],
  ["comments", "#\n".repeat(10_000)],
  ["quotes that do not end", `a: "${"x\n\n".repeat(5_000)}`],
  ["null bytes", "\0".repeat(50_000)],
  ["the prototype", "__proto__: { paused: false }\nconstructor: { prototype: {} }\n"],
];

describe.each(YAML_BOMBS)("YAML: %s", (_what, text) => {
  test("a repository file of it scales nothing", () => {
    expect(parseRepositoryFile(`${text}\nunknown: 1\n`)).toMatchObject({ kind: "bad" });
  });

  test("a stack file with it is edited as Pulumi would read it, or not at all", () => {
    for (const file of [text, `${VALUE}${text}`, `${text}\n${VALUE}`]) {
      const edited = editPoolValue(file, LOCATION, 5);
      if (edited.kind === "edited") expect(edited.text).toBe(file.replace("webCount: 3", "webCount: 5"));
      readSnsTopics(file, "shop");
    }
  });
});

const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
const JSON_BOMBS: readonly (readonly [what: string, text: string])[] = [
  ["lists in lists", nested("[", "]", 400_000)],
  ["objects in objects", `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`],
  ["a hundred thousand keys", `{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":1`).join(",")}}`],
  ["the prototype", '{"__proto__":{"value":3},"constructor":{"prototype":{"value":3}}}'],
  ["a number without end", `{"value":${"9".repeat(500_000)}}`],
  ["an empty text", ""],
  ["halves of characters", '{"a":"\\ud800","\\udfff":1}'],
];

test("a key that is given twice is told of, and looked for in linear time", () => {
  expect(parseRepositoryFile("paused: false\npaused: true\n")).toEqual({
    kind: "bad",
    path: "paused",
    message: "the key is given twice",
  });
  // Pairs of keys would be a billion comparisons.
  const keys = Array.from({ length: 14_000 }, (_, index) => `k${index}:\n`).join("");
  expect(parseRepositoryFile(`stacks:\n${keys.slice(0, 90_000).replace(/^/gm, " ")}`)).toMatchObject({
    kind: "bad",
  });
});

describe.each(JSON_BOMBS)("JSON: %s", (_what, text) => {
  const inside = (good: object, place: string) =>
    JSON.stringify(good).replace(`"${place}"`, () => text || '""');

  test("is read by nobody as something good, and throws nowhere", () => {
    const body = parseJson(Buffer.from(text));
    const value = body.kind === "parsed" ? body.value : undefined;
    const query = AlertQuery.parse({});
    expect(parseAlertmanager(value, { alias: null, pool: null }, query).kind).toBe("unprocessable");
    expect(parseSnsMessage(value).kind).toBe("unprocessable");
    expect(parseCloudwatch(text, { alias: "a", pool: "b" }, query).kind).toBe("unprocessable");
    expect(parseContract(value).contract.size).toBe(0);
    expect(parseEntry(text).kind).toBe("bad");
    digestEntry(text);
  });

  test("inside a ledger entry and an alert", () => {
    const entry = inside(JSON.parse(formatEntry(ledgerEntry({ pools: { web: "HERE" } }))), "HERE");
    const parsed = parseEntry(entry);
    if (parsed.kind === "entry") expect(parseContract(parsed.entry.pools, "shop").contract.size).toBe(0);
    digestEntry(entry);
    const alert = inside(
      {
        version: "4",
        groupKey: "g",
        alerts: [{ status: "firing", labels: { x: "HERE" }, startsAt: "t", fingerprint: "f" }],
      },
      "HERE",
    );
    const body = parseJson(Buffer.from(alert));
    if (body.kind === "parsed")
      parseAlertmanager(body.value, { alias: "a", pool: "b" }, AlertQuery.parse({}));
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 10 }, (_, level) =>
    level === 0
      ? "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
      : `a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]\n`,
  );
  return `${levels.join("")}paused: *a9\n`;
}
