import { describe, expect, it, test } from "vitest";
import {
  type Command,
  MAX_COMMANDS,
  MAX_COMMENT_LENGTH,
  MAX_LINE_LENGTH,
  parseCommands,
} from "../../src/domain/command.ts";
import { COMMANDS } from "../../src/domain/command-table.ts";

const NOW = Date.parse("2029-12-01T12:00:00Z");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The command of a single line, or the message of its mistake. */
function read(line: string): Command | string | undefined {
  const [found, more] = parseCommands(line, NOW);
  expect(more).toBeUndefined();
  return found?.kind === "command" ? found.command : found?.message;
}

const NO_HOLD = { until: null, direction: "both", why: "" } as const;

describe("a command is read", () => {
  const scale = (target: string | null, ask: object, dryRun = "commit") => ({
    kind: "scale",
    target,
    ask,
    dryRun,
  });
  const value = (number: number) => ({ kind: "value", value: number });
  const delta = (number: number) => ({ kind: "delta", delta: number });
  const pause = (target: string, over: object = {}) => ({ kind: "pause", target, ...NO_HOLD, ...over });
  const pin = (target: string | null, number: number, over: object = {}) => {
    return { kind: "pin", target, value: number, until: null, why: "", ...over };
  };
  const hours = (count: number) => ({ until: { kind: "for", ms: count * HOUR_MS } });
  const at = (time: string) => ({ until: { kind: "until", atMs: Date.parse(time) } });

  it.each<[string, object]>([
    ["/scale 10", scale(null, value(10))],
    ["/scale 0", scale(null, value(0))],
    ["/scale 007", scale(null, value(7))],
    ["/scale 1000000", scale(null, value(1_000_000))],
    ["/scale +2", scale(null, delta(2))],
    ["/scale -1", scale(null, delta(-1))],
    ["/scale web 10", scale("web", value(10))],
    ["/scale\tweb \t 10  ", scale("web", value(10))],
    ["/scale shop.prod/web -1 --dry-run", scale("shop.prod/web", delta(-1), "dry-run")],
    ["/scale --DRY-RUN 3", scale(null, value(3), "dry-run")],
    ["/scale shop.prod 3", scale("shop.prod", value(3))],
    ["/scale 3tier.prod/web 3", scale("3tier.prod/web", value(3))],
    ["/scale shop.prod/status 3", scale("shop.prod/status", value(3))],
    ["/scale shop.prod/pause +1", scale("shop.prod/pause", delta(1))],
    ["/scale", { kind: "help" }],
    ["/scale ", { kind: "help" }],
    ["/scale help", { kind: "help" }],
    ["/scale help pause", { kind: "help" }],
    ["/scale status", { kind: "status", target: null }],
    ["/scale Status Web", { kind: "status", target: "Web" }],
    ["/scale status status", { kind: "status", target: "status" }],
    ["/scale history shop.prod/web", { kind: "history", target: "shop.prod/web" }],
    ["/scale undo", { kind: "undo", target: null }],
    ["/scale retry web", { kind: "retry", target: "web" }],
    ["/scale resume all", { kind: "resume", target: "all" }],
    ["/scale approve", { kind: "approve" }],
    ["/scale reject", { kind: "reject", why: "" }],
    ["/scale reject  too   dear, @team https://x.example", { kind: "reject", why: "too dear, team (link)" }],
    ["/scale pause all", pause("all")],
    ["/scale PAUSE all FOR 2H IN", pause("all", { ...hours(2), direction: "in" })],
    [
      "/scale pause shop.prod out for 30m load test",
      pause("shop.prod", { ...hours(0.5), direction: "out", why: "load test" }),
    ],
    [
      "/scale pause shop.prod/web for 1h30m the in door",
      pause("shop.prod/web", { ...hours(1.5), why: "the in door" }),
    ],
    ["/scale pause all for 1w2d", pause("all", hours(9 * 24))],
    ["/scale pause all for 90d", pause("all", hours(90 * 24))],
    ["/scale pause all for 2h for a talk", pause("all", { ...hours(2), why: "for a talk" })],
    ["/scale pause all Größe prüfen 数", pause("all", { why: "Größe prüfen 数" })],
    ["/scale pause all until 2030-01-31T18:00Z", pause("all", at("2030-01-31T18:00Z"))],
    [
      "/scale pause all until 2030-01-31t18:00:30.5z in",
      pause("all", { ...at("2030-01-31T18:00:30Z"), direction: "in" }),
    ],
    ["/scale pause all until 2030-01-31T18:00+01:00", pause("all", at("2030-01-31T17:00Z"))],
    ["/scale pause all until 2030-01-31T18:00-0530", pause("all", at("2030-01-31T23:30Z"))],
    ["/scale pause all until 2030-01-31T18:00+02", pause("all", at("2030-01-31T16:00Z"))],
    // Without a zone it is UTC, whatever the machine's own is; a date is its first moment.
    ["/scale pause all until 2030-01-31T18:00", pause("all", at("2030-01-31T18:00Z"))],
    ["/scale pause all until 2030-01-31", pause("all", at("2030-01-31T00:00Z"))],
    ["/scale pin web 6 for 1d", pin("web", 6, hours(24))],
    ["/scale pin 6", pin(null, 6)],
    ["/scale pin shop.prod/web 0 in the night", pin("shop.prod/web", 0, { why: "in the night" })],
    ["/scale pin 6 until 2030-01-31 sale", pin(null, 6, { ...at("2030-01-31T00:00Z"), why: "sale" })],
  ])("%j", (line, command) => {
    expect(read(line)).toEqual(command);
  });

  it.each(COMMANDS.flatMap(({ name, examples }) => examples.map((example) => [example, name])))(
    "%s, the table's own example",
    (example, name) => {
      expect(read(example)).toMatchObject({ kind: name });
    },
  );
});

describe("a mistake says what is wrong, and what may be meant", () => {
  it.each([
    // A word that is no command.
    ["/scale stauts", "`stauts` is no command; did you mean `/scale status`?"],
    ["/scale hlep", "`hlep` is no command; did you mean `/scale help`?"],
    ["/scale stauts web", "`stauts` is no command; did you mean `/scale status web`?"],
    ["/scale puase all for 2h", "`puase` is no command; did you mean `/scale pause all for 2h`?"],
    ["/scale pn web 6 @all", "`pn` is no command; did you mean `/scale pin web 6 all`?"],
    [
      "/scale puase all \0 until",
      "`puase` is no command; did you mean `/scale pause`, as in `/scale pause shop.prod/web for 2h",
    ],
    ["/scale puase", "`puase` is no command; did you mean `/scale pause`, as in `"],
    ["/scale web", "the amount is missing, as in `/scale web +1`; `/scale help` lists the commands"],
    ["/scale --dry-run", "the amount is missing, as in `/scale 10`"],
    ["/scale status 3", "a pool of that name is reached by its stack, as in `shop.prod/status 3`"],
    ["/scale 10 web", "the pool comes before the amount; did you mean `/scale web 10`?"],
    [
      "/scale web 10 please",
      "`please` is more than the command takes, which is `/scale [pool] <value | +n | -n> [--dry-run]`",
    ],
    ["/scale undo web now", "`now` is more than the command takes, which is `/scale undo [pool]`"],
    ["/scale approve web", "`web` is more than the command takes, which is `/scale approve`"],
    // Amounts.
    ["/scale web ten", "`ten` is no whole number such as `10`, `+2` or `-1`"],
    ["/scale 5.5", "`5.5` is no whole number"],
    ["/scale 10%", "`10%` is no whole number"],
    ["/scale 1,000", "`1,000` is no whole number"],
    ["/scale web 1e3", "`1e3` is no whole number"],
    ["/scale web 0x10", "`0x10` is no whole number"],
    ["/scale web --1", "`--1` is no option"],
    ["/scale web +-1", "`+-1` is no whole number"],
    ["/scale web + 2", "the sign and the number are one word, as in `+2`"],
    ["/scale +0", "`+0` changes nothing"],
    ["/scale -0", "`-0` changes nothing"],
    ["/scale 1000001", "`1000001` is more than any pool can have, which is 1000000"],
    ["/scale -1000001", "`-1000001` is more than any pool can have"],
    [`/scale ${"9".repeat(400)}`, "is more than any pool can have"],
    // What only looks like an ASCII sign or digit.
    [
      "/scale web \u22121",
      "holds the character U+2212, which is none that a command takes; did you mean `-1`?",
    ],
    ["/scale web \u20131", "U+2013, which is none that a command takes; did you mean `-1`?"],
    ["/scale web \uff0b2", "U+FF0B, which is none that a command takes; did you mean `+2`?"],
    ["/scale \uff11\uff10", "U+FF11, which is none that a command takes; did you mean `10`?"],
    ["/scale web \u0661", "U+0661, which is none that a command takes"],
    ["/scale w\u0435b 1", "U+0435, which is none that a command takes"],
    ["/scale web\u00a010", "U+00A0, which is none that a command takes; did you mean `web 10`?"],
    ["/scale we\u200bb 10", "U+200B, which is none that a command takes; did you mean `web`?"],
    ["/scale web 1\u202e0", "U+202E, which is none that a command takes; did you mean `10`?"],
    ["/scale web 10\0", "U+0000, which is none that a command takes"],
    [
      "/scale web 3 \u2014dry-run",
      "`\u2014dry-run` holds the character U+2014, which is none that a command takes; did you mean `--dry-run`?",
    ],
    // Options.
    ["/scale web 3 --dryrun", "`--dryrun` is no option; did you mean `--dry-run`?"],
    ["/scale web 3 --force", "`--force` is no option; there is `--dry-run` alone"],
    // Names.
    ["/scale a/b/c 3", "`a/b/c` can be no name of a pool or a stack"],
    [
      "/scale `web` 3",
      "can be no name of a pool or a stack, as it is written; write `web` or `shop.prod/web`, without quotes",
    ],
    ["/scale @web 3", "can be no name of a pool or a stack"],
    ["/scale status ../..", "can be no name of a pool or a stack"],
    [`/scale ${"a".repeat(101)} 3`, "can be no name of a pool or a stack"],
    // Holds.
    [
      "/scale pause",
      "it has to say what to pause: `all`, a stack, or a pool as `shop.prod/web`; did you mean `/scale pause all`?",
    ],
    ["/scale pause for 2h", "did you mean `/scale pause all for 2h`?"],
    ["/scale pause in", "did you mean `/scale pause all in`?"],
    ["/scale pause all in out", "it is either `in` or `out`"],
    ["/scale pause all for", "after `for` a time is missing"],
    [
      "/scale pause all for maintenance",
      "`maintenance` is no duration such as `30m`, `2h`, `1h30m`, `1d` or `1w`",
    ],
    [
      "/scale pause all for 2 hours",
      "`2` is no duration such as `30m`, `2h`, `1h30m`, `1d` or `1w`; did you mean `for 2h`?",
    ],
    ["/scale pause all for 2 months", "`2` is no duration such as `30m`, `2h`, `1h30m`, `1d` or `1w`"],
    ["/scale pause all for 90s", "`90s` is no duration"],
    ["/scale pause all for 30m2h", "`30m2h` is no duration"],
    ["/scale pause all for -2h", "`-2h` is no duration"],
    ["/scale pause all for 2\u00bdh", "U+00BD"],
    ["/scale pause all for 0h", "`0h` is no time at all"],
    ["/scale pause all for 91d", "`91d` is more than 90 days away"],
    ["/scale pause all for 999999w", "`999999w` is more than 90 days away"],
    ["/scale pause all fro 2h", "before `2h` the word `for` is missing; did you mean `for 2h`?"],
    ["/scale pause all load test For 2h please", "the time comes before the reason: put `For 2h` first"],
    ["/scale pin 3 web for 2h", "the time comes before the reason: put `for 2h` first"],
    ["/scale pause all 2h", "before `2h` the word `for` is missing; did you mean `for 2h`?"],
    ["/scale pause all in 2030-01-31", "did you mean `until 2030-01-31`?"],
    ["/scale pause all for 2h until 2030-01-31", "two times are given; `2030-01-31` is one too many"],
    ["/scale pause all until tomorrow", "`tomorrow` is no time such as `2030-01-31T18:00Z`"],
    ["/scale pause all until 18:00", "`18:00` is no time"],
    [
      "/scale pause all until 2030-01-31 18:00",
      "the date and the time are one word; did you mean `until 2030-01-31T18:00`?",
    ],
    ["/scale pause all until 2030-02-29", "`2030-02-29` is no time"],
    ["/scale pause all until 2030-13-01", "`2030-13-01` is no time"],
    ["/scale pause all until 2030-01-31T24:00Z", "is no time"],
    ["/scale pause all until 2030-01-31T18:00+15:00", "is no time"],
    [
      "/scale pause all until 2029-12-01T12:00Z",
      "`2029-12-01T12:00Z` is over: that is 2029-12-01T12:00:00.000Z, and it is 2029-12-01T12:00:00.000Z now",
    ],
    ["/scale pause all until 0001-01-01", "is no time"],
    [
      "/scale pause all until 2030-03-02",
      "is more than 90 days away; without a time it holds until somebody resumes it",
    ],
    ["/scale pause all until 9999-12-31", "is more than 90 days away"],
    ["/scale pin", "the value to pin is missing, as in `/scale pin web 6"],
    ["/scale pin web", "the value to pin is missing"],
    ["/scale pin web for 2h", "the value to pin is missing"],
    ["/scale pin web +2", "a pin takes a value, not a difference"],
    ["/scale pin web six", "`six` is no whole number"],
    ["/scale pin web 6 1d", "did you mean `for 1d`?"],
    [`/scale reject ${"x".repeat(MAX_LINE_LENGTH)}`, `the line is over ${MAX_LINE_LENGTH} characters long`],
  ])("%j", (line, message) => {
    const found = read(line);
    expect(found).toBeTypeOf("string");
    expect(found).toContain(message);
  });

  it("is measured by the time that is handed in", () => {
    const line = "/scale pause all until 2030-01-31T18:00Z";
    const end = Date.parse("2030-01-31T18:00Z");
    expect(parseCommands(line, end - 1)).toMatchObject([{ kind: "command" }]);
    expect(parseCommands(line, end)).toMatchObject([{ kind: "mistake" }]);
    expect(parseCommands(line, end - 90 * DAY_MS)).toMatchObject([{ kind: "command" }]);
    expect(parseCommands(line, end - 90 * DAY_MS - 1)).toMatchObject([{ kind: "mistake" }]);
  });
});

describe("a comment", () => {
  const lines = (body: string) => parseCommands(body, NOW).map(({ line }) => line);

  test.each([
    ["LF", "hello\n/scale 1\n\n/scale 2"],
    ["CRLF", "hello\r\n/scale 1\r\n\r\n/scale 2"],
    ["CR", "hello\r/scale 1\r\r/scale 2"],
  ])("counts its lines from 0, with %s", (_, body) => {
    expect(lines(body)).toEqual([1, 3]);
  });

  it("keeps each line's text, cleaned", () => {
    expect(parseCommands("/scale <b>@all</b> 3", NOW)).toMatchObject([
      { line: 0, text: "/scale b all /b 3" },
    ]);
  });

  it(`has at most ${MAX_COMMANDS} commands; the next line says that the others were not read`, () => {
    const most = parseCommands("/scale +1\n".repeat(MAX_COMMANDS), NOW);
    expect(most.map(({ kind }) => kind)).toEqual(Array(MAX_COMMANDS).fill("command"));
    const over = parseCommands("/scale +1\n".repeat(MAX_COMMANDS + 3), NOW);
    expect(over.slice(0, -1)).toEqual(most);
    expect(over.at(-1)).toMatchObject({ kind: "mistake", line: MAX_COMMANDS });
    expect(over.at(-1)).toHaveProperty(
      "message",
      expect.stringContaining("; 3 more, from this one on, were not"),
    );
  });

  it("is not read where it is longer than GitHub takes, and says so only where it has a command", () => {
    const long = "a".repeat(MAX_COMMENT_LENGTH);
    expect(parseCommands(`${long}\n/scale 3`, NOW)).toMatchObject([{ line: 0, kind: "mistake" }]);
    expect(parseCommands(`${long}\nscale 3`, NOW)).toEqual([]);
    expect(parseCommands(`/scale 3\n${long.slice(9)}`, NOW)).toMatchObject([{ kind: "command" }]);
  });
});
