import { describe, expect, it } from "vitest";
import { isAbout, isWanted } from "../../src/domain/notification-targets.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";
import { notification, SUBJECT } from "../support/notification.ts";

const file = (target: string) => parseRepositoryFile(`notifications:\n  ops: ${target}\n`);
const slack = { name: "ops", type: "slack" as const };
const plan = notification({ subject: { ...SUBJECT, kind: "plan", name: "rollout" } });

describe("the targets of a repository", () => {
  it.each([
    "{ type: slack }",
    "{ type: slack, kinds: [opened, waiting, applied, failed], subjects: [scale, plan], stacks: [shop.prod] }",
    "{ type: email, from: a@b.example, to: [c@d.example] }",
    "{ type: webhook }",
  ])("may be %s", (target) => expect(file(target)).toMatchObject({ kind: "good" }));

  it.each([
    ["an address", "{ type: slack, url: https://hooks.slack.example/x }"],
    ["another type", "{ type: sms }"],
    ["another kind", "{ type: slack, kinds: [merged] }"],
    ["no kind", "{ type: slack, kinds: [] }"],
    [
      "a sender with a line break",
      '{ type: email, from: "a@b.example\\r\\nBcc: e@e.example", to: [c@d.example] }',
    ],
    ["a recipient with a name", '{ type: email, from: a@b.example, to: ["Eve <e@e.example>"] }'],
    ["two recipients in one", '{ type: email, from: a@b.example, to: ["c@d.example,e@e.example"] }'],
    ["nobody", "{ type: email, from: a@b.example, to: [] }"],
    ["recipients of Slack", "{ type: slack, to: [c@d.example] }"],
  ])("never have %s", (_, target) => expect(file(target)).toMatchObject({ kind: "bad" }));

  it("have names that environments can have", () => {
    expect(parseRepositoryFile("notifications:\n  ops_team: { type: slack }\n")).toMatchObject({
      kind: "bad",
    });
    expect(parseRepositoryFile("notifications:\n  Ops: { type: slack }\n")).toMatchObject({ kind: "bad" });
  });
});

describe("isWanted", () => {
  it.each([
    [true, slack, notification()],
    [true, slack, plan],
    [false, { ...slack, kinds: ["failed" as const] }, notification()],
    [true, { ...slack, kinds: ["opened" as const] }, notification()],
    [false, { ...slack, stacks: ["shop.staging"] }, notification()],
    [true, { ...slack, stacks: ["shop.staging"] }, plan],
    [false, { ...slack, subjects: ["plan" as const] }, notification()],
    [true, { ...slack, subjects: ["plan" as const] }, plan],
  ])("says %s", (expected, target, news) => expect(isWanted(target, news)).toBe(expected));

  it("of a stack nothing is read that nobody wants told", () => {
    expect(isAbout({ ...slack, subjects: ["plan"] }, "shop.prod")).toBe(false);
    expect(isAbout({ ...slack, stacks: ["shop.staging"] }, "shop.prod")).toBe(false);
    expect(isAbout(slack, "shop.prod")).toBe(true);
  });
});
