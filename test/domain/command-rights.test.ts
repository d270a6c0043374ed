import { describe, expect, it } from "vitest";
import type { Command } from "../../src/domain/command.ts";
import {
  type Actor,
  type CommandReach,
  type CommandRules,
  mayCommand,
  teamsIn,
} from "../../src/domain/command-rights.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";

const SCALE: Command = { kind: "scale", target: "web", ask: { kind: "value", value: 5 }, dryRun: "commit" };
const DRY_RUN: Command = { ...SCALE, dryRun: "dry-run" };
const PIN: Command = { kind: "pin", target: "web", value: 5, until: null, why: "" };
const PAUSE: Command = { kind: "pause", target: "all", until: null, direction: "both", why: "" };
const STATUS: Command = { kind: "status", target: null };
const UNDO: Command = { kind: "undo", target: null };
const RETRY: Command = { kind: "retry", target: null };
const APPROVE: Command = { kind: "approve" };
const HELP: Command = { kind: "help" };

const JANE: Actor = { login: "jane", permission: "write", teams: ["Platform"] };
const SHOP: CommandReach = { alias: "shop.prod", change: { from: 4, to: 6 } };
const WHOLE: CommandReach = { alias: null, change: null };

/** The rules as the file has them, so that they are read as they are written. */
function rulesOf(allow: string): CommandRules | undefined {
  const parsed = parseRepositoryFile(`commands:\n  allow: ${allow}\n`);
  if (parsed.kind === "bad") throw new Error(`${parsed.path}: ${parsed.message}`);
  return parsed.file.commands;
}

describe("without rules, write permission is what is needed", () => {
  it.each([
    ["none", "refused"],
    ["read", "refused"],
    ["triage", "refused"],
    ["write", "allowed"],
    ["maintain", "allowed"],
    ["admin", "allowed"],
  ] as const)("%s: %s", (permission, kind) => {
    for (const command of [SCALE, PAUSE, STATUS, HELP, APPROVE])
      for (const rules of [undefined, {}])
        expect(mayCommand({ ...JANE, permission }, command, SHOP, rules)).toMatchObject({ kind });
  });
});

describe("rules narrow it", () => {
  it.each<[string, string, Partial<Actor>, Command, CommandReach, "allowed" | RegExp]>([
    ["nobody is let in", "[]", {}, SCALE, SHOP, /let other people give commands/],
    ["nobody is let in, but help helps", "[]", {}, HELP, WHOLE, "allowed"],
    ["a rule for everybody", "[{}]", {}, SCALE, SHOP, "allowed"],
    ["a rule never widens", "[{ users: [jane] }]", { permission: "read" }, SCALE, SHOP, /write permission/],
    ["a user", "[{ users: [bob, JANE] }]", {}, SCALE, SHOP, "allowed"],
    ["another user", "[{ users: [bob] }]", {}, SCALE, SHOP, /other people/],
    ["a team", "[{ teams: [platform] }]", {}, SCALE, SHOP, "allowed"],
    ["another team", "[{ teams: [web] }]", {}, SCALE, SHOP, /other people/],
    ["a team that is called as the user", "[{ teams: [jane] }]", {}, SCALE, SHOP, /other people/],
    ["a user who is called as the team", "[{ users: [platform] }]", {}, SCALE, SHOP, /other people/],
    ["a team or a user", "[{ teams: [web], users: [jane] }]", {}, SCALE, SHOP, "allowed"],
    ["a permission", "[{ permission: maintain }]", {}, SCALE, SHOP, /other people/],
    ["a permission or more", "[{ permission: maintain }]", { permission: "admin" }, SCALE, SHOP, "allowed"],
    [
      "a team and a permission",
      "[{ teams: [platform], permission: admin }]",
      {},
      SCALE,
      SHOP,
      /other people/,
    ],
    ["a command", "[{ commands: [status, scale] }]", {}, SCALE, SHOP, "allowed"],
    ["another command", "[{ commands: [status] }]", {}, PAUSE, SHOP, /do not let you use `\/scale pause`/],
    [
      "another command than scale",
      "[{ commands: [status] }]",
      {},
      SCALE,
      SHOP,
      /do not let you use `\/scale`\./,
    ],
    ["a stack", "[{ stacks: [Shop.prod] }]", {}, SCALE, SHOP, "allowed"],
    ["another stack", "[{ stacks: [blog.prod] }]", {}, SCALE, SHOP, /`\/scale` on the stack `shop.prod`/],
    [
      "a stack, and not the whole repository",
      "[{ stacks: [shop.prod] }]",
      {},
      PAUSE,
      WHOLE,
      /on the whole repository/,
    ],
    ["the whole repository", "[{ commands: [pause] }]", {}, PAUSE, WHOLE, "allowed"],
    [
      "what one rule lets in, whatever others say",
      "[{ users: [bob] }, { commands: [status] }, {}]",
      {},
      SCALE,
      SHOP,
      "allowed",
    ],
    [
      "halves of two rules are no rule",
      "[{ users: [jane], commands: [status] }, { users: [bob] }]",
      {},
      SCALE,
      SHOP,
      /do not let/,
    ],
    ["a size", "[{ changeUpTo: 2 }]", {}, SCALE, SHOP, "allowed"],
    [
      "too large a size",
      "[{ changeUpTo: 1 }]",
      {},
      SCALE,
      SHOP,
      /by 1 at once, and 4 → 6 is a change by 2\./,
    ],
    [
      "too large a size downwards",
      "[{ changeUpTo: 1 }]",
      {},
      SCALE,
      { ...SHOP, change: { from: 6, to: 4 } },
      /by 1 at once/,
    ],
    ["a percentage of the value now", '[{ changeUpTo: "50%" }]', {}, SCALE, SHOP, "allowed"],
    ["over a percentage", '[{ changeUpTo: "49%" }]', {}, SCALE, SHOP, /by 1 at once/],
    [
      "a percentage of nothing",
      '[{ changeUpTo: "100%" }]',
      {},
      SCALE,
      { ...SHOP, change: { from: 0, to: 1 } },
      /by 0 at once/,
    ],
    ["the larger of two sizes", "[{ changeUpTo: 1 }, { changeUpTo: 3 }]", {}, SCALE, SHOP, "allowed"],
    [
      "a size that nobody knows",
      "[{ changeUpTo: 100 }]",
      {},
      UNDO,
      { ...SHOP, change: null },
      /is not known/,
    ],
    ["no size that matters", "[{ changeUpTo: 100 }, {}]", {}, UNDO, { ...SHOP, change: null }, "allowed"],
    ["a size of a pin", "[{ changeUpTo: 1 }]", {}, PIN, SHOP, /by 1 at once/],
    ["a size of what is approved", "[{ changeUpTo: 1 }]", {}, APPROVE, SHOP, /by 1 at once/],
    ["a size holds no dry run", "[{ changeUpTo: 1 }]", {}, DRY_RUN, SHOP, "allowed"],
    ["a size holds no status", "[{ changeUpTo: 1 }]", {}, STATUS, WHOLE, "allowed"],
    [
      "a size holds no pause and no retry",
      "[{ changeUpTo: 0 }]",
      {},
      RETRY,
      { ...SHOP, change: null },
      "allowed",
    ],
    [
      "a size of another stack",
      "[{ changeUpTo: 9, stacks: [a.b] }, { changeUpTo: 1 }]",
      {},
      SCALE,
      SHOP,
      /by 1 at once/,
    ],
  ])("%s", (_, allow, over, command, reach, expected) => {
    const right = mayCommand({ ...JANE, ...over }, command, reach, rulesOf(allow));
    if (expected === "allowed") expect(right).toEqual({ kind: "allowed" });
    else expect(right).toEqual({ kind: "refused", why: expect.stringMatching(expected) });
  });

  it("refuses in one polite sentence", () => {
    const right = mayCommand({ ...JANE, login: "mallory<b>", permission: "read" }, SCALE, SHOP, undefined);
    expect(right).toEqual({
      kind: "refused",
      why: "Sorry, mallory b, commands here are for people with write permission to this repository.",
    });
  });

  it("names the teams whose members have to be known", () => {
    expect(teamsIn(rulesOf("[{ teams: [Web, platform] }, {}, { teams: [web] }]"))).toEqual([
      "web",
      "platform",
    ]);
    expect(teamsIn(undefined)).toEqual([]);
  });
});

describe("the file's key `commands`", () => {
  it.each([
    "[{ team: [a] }]",
    "[{ teams: [] }]",
    "[{ teams: [acme/platform] }]",
    '[{ users: ["@jane"] }]',
    "[{ permission: read }]",
    "[{ commands: [scales] }]",
    "[{ changeUpTo: -1 }]",
    '[{ changeUpTo: "a lot" }]',
    "[{ stacks: [a/b] }]",
    "{}",
    "null",
  ])("is bad with %s, so that nothing is let in by mistake", (allow) => {
    expect(parseRepositoryFile(`commands: { allow: ${allow} }`)).toMatchObject({ kind: "bad" });
  });
});
