import { expect, it, test } from "vitest";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import { healthy, OWN, WORKFLOW } from "./doctor-facts.ts";
import { toldOnce } from "./told-once.ts";

test("where all is well, nothing is told, with the README's own workflow", () => {
  expect(WORKFLOW).toContain("command: apply");
  expect(judgeSetUp(healthy()).filter(({ state }) => state !== "good")).toEqual([]);
});

toldOnce([
  ["the App is not there", "problem", "app", { app: { kind: "seen", value: null } }, /not installed/],
  [
    "the App may too little",
    "problem",
    "permissions",
    {
      app: {
        kind: "seen",
        value: {
          id: OWN,
          slug: "scaler",
          permissions: { contents: "read", statuses: "read" },
          events: ["push"],
        },
      },
    },
    /lacks contents: write/,
  ],
  [
    "the App hears too little",
    "problem",
    "events",
    {
      app: {
        kind: "seen",
        value: { id: OWN, slug: "scaler", permissions: { contents: "write", statuses: "read" }, events: [] },
      },
    },
    /not told of push/,
  ],
  ["the App is not known", "unknown", "app", { app: { kind: "hidden", why: "No." } }, /APP_ID/],
  [
    "a mistyped repository file",
    "problem",
    "repository-file",
    { repositoryFile: "stack: {}" },
    /Nothing is scaled/,
  ],
  ["a pause", "warning", "paused", { repositoryFile: "paused: true" }, /holds all scaling/],
  ["auto-merge is off", "warning", "auto-merge", { autoMerge: { kind: "seen", value: "off" } }, /Allow it/],
  [
    "a merge method that is not allowed",
    "problem",
    "merge-method",
    { repositoryFile: "defaults: { mergeMethod: merge }" },
    /does not allow/,
  ],
  [
    "squashes without a message",
    "warning",
    "squash-message",
    { squashMessage: { kind: "seen", value: "blank" } },
    /leaves the message out.+Pull request title and description/,
  ],
  ["nothing published", "problem", "published", { ledger: "missing", stacks: [] }, /run once/],
  ["a branch scale", "problem", "branch-names", { branches: ["scale"] }, /scale\/<stack>/],
  [
    "a branch scale-approval",
    "problem",
    "branch-names",
    { branches: ["scale-approval"] },
    /no branch scale-app/,
  ],
  [
    "a branch below the ledger",
    "problem",
    "branch-names",
    { branches: ["pulumiscale/x"] },
    /no branch pulumiscale/,
  ],
]);

it("takes no squash message amiss where nothing is squashed", () => {
  const merged = {
    squashMessage: { kind: "seen", value: "blank" },
    mergeMethods: { kind: "seen", value: ["merge"] },
  } as const;
  expect(judgeSetUp(healthy(merged)).filter(({ state }) => state !== "good")).toEqual([]);
});
