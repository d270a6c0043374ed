import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Command, parseCommands } from "../../src/domain/command.ts";
import { mayCommand } from "../../src/domain/command-rights.ts";
import { COMMANDS } from "../../src/domain/command-table.ts";
import { findTarget, MAX_CANDIDATES } from "../../src/domain/command-target.ts";
import { garbled, hostileText, tries } from "../fuzz/support/fuzz.ts";

const NOW = Date.parse("2029-12-01T12:00:00Z");
const DAY_MS = 86_400_000;

const WORDS = [
  ...COMMANDS.flatMap(({ examples }) => examples.join(" ").split(" ")),
  ...["web", "in", "out", "for", "until", "2h", "+", "-", "--", "10", "statsu", "puase", "fro"],
];
const word = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...WORDS) }, hostileText);
const line = fc.oneof(
  fc.array(word, { maxLength: 7 }).map((words) => `/scale ${words.join(" ")}`),
  fc.constantFrom(...COMMANDS.flatMap(({ examples }) => examples)).chain(garbled),
);
const comment = fc.array(fc.oneof(line, hostileText, fc.constantFrom("", "```", "> a", "- a", "<!--")), {
  maxLength: 6,
});

describe("whatever somebody writes", () => {
  test("is read without a throw, into commands within bounds and messages that do no harm", () => {
    fc.assert(
      fc.property(comment, fc.constantFrom("\n", "\r\n"), (lines, lineBreak) => {
        const body = lines.join(lineBreak);
        const written = body.split(/\r\n|\r|\n/);
        for (const found of parseCommands(body, NOW)) {
          expect(written[found.line]).toMatch(/^\/scale(?:[ \t]|$)/);
          expectHarmless(found.text);
          if (found.kind === "mistake") expectHarmless(found.message);
          else expectWithinBounds(found.command);
        }
      }),
      tries(1500),
    );
  });

  test("is proposed only where it would be understood", () => {
    let proposed = 0;
    fc.assert(
      fc.property(line, (text) => {
        const [found] = parseCommands(text, NOW);
        if (found?.kind !== "mistake") return;
        const meant = /did you mean `(\/scale[^`]*)`\?/.exec(found.message)?.[1];
        if (meant === undefined) return;
        proposed++;
        expect(parseCommands(meant, NOW)).toMatchObject([{ kind: "command" }]);
      }),
      tries(1500),
    );
    expect(proposed).toBeGreaterThan(0);
  });

  test("in a fence, is no command, however the fence is nested, and one after it is", () => {
    const inside = fc.array(
      fc.oneof(
        line,
        fc.constantFrom("", "> a", "- b", "<!-- a", "<details>", "~~", "``", "`a", "    a", "# b"),
      ),
    );
    fc.assert(
      fc.property(
        inside,
        fc.constantFrom("`", "~"),
        fc.integer({ min: 3, max: 9 }),
        (lines, sign, length) => {
          const inner = sign.repeat(length - 1).replace(/^.{1,2}$/, "");
          const isEnd = (text: string) => /^ {0,3}(?:`{3,}|~{3,})[ \t]*$/m.test(text) || /[\r\n]/.test(text);
          const content = [...lines.filter((text) => !isEnd(text)), inner, "/scale 3"];
          const body = [sign.repeat(length), ...content, sign.repeat(length), "", "/scale 7"];
          const found = parseCommands(body.join("\n"), NOW);
          expect(found.map((it) => it.line)).toEqual([body.length - 1]);
        },
      ),
      tries(600),
    );
  });
});

describe("a command that is written out", () => {
  const poolName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,30}$/);
  const target = fc.stringMatching(/^[a-z][a-z0-9]{0,8}[.-][a-z0-9]{1,8}\/[a-z][a-z0-9_-]{0,10}$/);
  const blank = fc.constantFrom(" ", "\t", "   ");

  test("is read as what it is", () => {
    const minutes = fc.integer({ min: 1, max: 90 * 24 * 60 });
    fc.assert(
      fc.property(target, fc.nat(1_000_000), minutes, blank, (name, value, count, gap) => {
        const until = { kind: "for", ms: count * 60_000 };
        const time = `${Math.floor(count / 60)}h${count % 60}m`;
        const cases: [string[], object][] = [
          [[name, String(value)], { kind: "scale", target: name, ask: { kind: "value", value } }],
          [[name, `+${value + 1}`.slice(0, 7)], { kind: "scale", ask: { kind: "delta" } }],
          [["pin", name, String(value), "for", time], { kind: "pin", target: name, value, until }],
          [["pause", name, "out", "for", time], { kind: "pause", target: name, direction: "out", until }],
        ];
        for (const [words, command] of cases)
          expect(parseCommands(["/scale", ...words].join(gap), NOW)).toMatchObject([
            { kind: "command", command },
          ]);
      }),
      tries(400),
    );
  });

  test("means the pool of the whole name, and never one that is not called so", () => {
    const names = fc.uniqueArray(poolName, { minLength: 1, maxLength: 4 });
    const alias = fc.stringMatching(/^[a-c]{1,2}(?:[.-][a-c]{1,2}){0,3}$/);
    const stacks = fc
      .uniqueArray(fc.tuple(alias, names), { minLength: 1, maxLength: 5, selector: ([name]) => name })
      .map((all) =>
        all.map(([name, pools]) => ({
          alias: name,
          pools: pools.map((pool) => ({ name: pool, aliases: [] })),
        })),
      );
    const text = fc.oneof(
      hostileText,
      alias,
      poolName,
      fc.tuple(alias, poolName).map((it) => it.join("/")),
    );
    fc.assert(
      fc.property(stacks, text, fc.constantFrom("pool", "stack-or-pool"), (all, written, wants) => {
        for (const stack of all)
          for (const { name } of stack.pools) {
            const whole = findTarget(`${stack.alias}/${name}`, all, wants);
            expect(whole).toEqual({ kind: "pool", alias: stack.alias, pool: name });
          }
        const found = findTarget(written, all, wants);
        if ("message" in found) {
          expectHarmless(found.message);
          expect(found.candidates.length).toBeLessThanOrEqual(MAX_CANDIDATES);
        } else if (found.kind !== "all") {
          const [stack = "", pool] = written.toLowerCase().split("/");
          const isNamed = found.kind === "pool" && found.pool.toLowerCase() === (pool ?? stack);
          expect(isNamed || found.alias.toLowerCase().endsWith(stack)).toBe(true);
        }
      }),
      tries(500),
    );
  });
});

test("a rule that says more lets no more people in", () => {
  const some = <T>(...items: T[]) =>
    fc.constantFrom<(T[] | undefined)[]>(undefined, ...items.map((it) => [it]));
  const rule = fc.record({
    teams: some("a", "b"),
    users: some("jane", "bob"),
    permission: fc.constantFrom(undefined, "write" as const, "admin" as const),
    commands: some("scale" as const, "undo" as const),
    changeUpTo: fc.constantFrom(undefined, 0, 3, "50%"),
    stacks: some("x.y", "v.w"),
  });
  const actor = fc.record({
    login: fc.constantFrom("jane", "bob", "eve"),
    permission: fc.constantFrom("none", "read", "triage", "write", "maintain", "admin"),
    teams: fc.subarray(["a", "b"]),
  });
  const reach = fc.record({
    alias: fc.constantFrom(null, "x.y"),
    change: fc.constantFrom(null, { from: 4, to: 6 }, { from: 4, to: 9 }),
  });
  const command = fc.constantFrom<Command>({ kind: "undo", target: null }, { kind: "status", target: null });
  const narrowings = ["permission", "commands", "changeUpTo", "stacks"] as const;
  fc.assert(
    fc.property(rule, actor, reach, command, fc.constantFrom(...narrowings), (all, who, what, it, key) => {
      const defined = (rules: object) => {
        return {
          allow: [Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined))],
        };
      };
      const narrow = mayCommand(who, it, what, defined(all));
      const wide = mayCommand(who, it, what, defined({ ...all, [key]: undefined }));
      const open = mayCommand(who, it, what, undefined);
      if (narrow.kind === "allowed") expect(wide.kind).toBe("allowed");
      if (wide.kind === "allowed") expect(open.kind).toBe("allowed");
      if (["none", "read", "triage"].includes(who.permission)) expect(open.kind).toBe("refused");
    }),
    tries(1500),
  );
});

function expectWithinBounds(command: Command): void {
  if ("target" in command && command.target !== null)
    expect(command.target).toMatch(/^[A-Za-z0-9._/-]{1,164}$/);
  if ("why" in command) expectHarmless(command.why);
  if (command.kind === "scale") {
    const amount = command.ask.kind === "value" ? command.ask.value : command.ask.delta;
    expect(Number.isInteger(amount) && Math.abs(amount) <= 1_000_000 && !Object.is(amount, -0)).toBe(true);
  }
  if (command.kind === "pin") expect(Number.isInteger(command.value) && command.value >= 0).toBe(true);
  if ((command.kind !== "pause" && command.kind !== "pin") || command.until === null) return;
  const ms = command.until.kind === "for" ? command.until.ms : command.until.atMs - NOW;
  expect(ms > 0 && ms <= 90 * DAY_MS).toBe(true);
}

/** What people are shown: one line of bounded length, in which nothing but our own code spans means anything to GitHub. */
function expectHarmless(text: string): void {
  expect([...text].length).toBeLessThanOrEqual(2500);
  expect(text.isWellFormed()).toBe(true);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}@#&$]|[a-z]:\/\/|\bwww\./iu);
  const parts = text.split("`");
  expect(parts.length % 2).toBe(1);
  expect(parts.filter((_, index) => index % 2 === 0).join("")).not.toMatch(/[<>*~|\\[\]{}]/);
}
