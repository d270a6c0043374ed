import { expect, it, test } from "vitest";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import {
  ACTIONS,
  branch,
  bypassing,
  HIDDEN,
  healthy,
  ledgerWith,
  OWN,
  protectedLedger,
} from "./doctor-facts.ts";
import { toldOnce } from "./told-once.ts";

test.each([
  ["that lets both by", ledgerWith("update", OWN, ACTIONS)],
  [
    "that lets some App by, while which is ours is not known",
    { ...ledgerWith("update", 8, ACTIONS), app: HIDDEN },
  ],
  ["that nobody may make, and that is there", ledgerWith("creation")],
  ["that a protection keeps", protectedLedger({})],
  ["to which both may push", protectedLedger({ pushers: [OWN, ACTIONS] })],
])("a ledger is well %s", (_what, change) => {
  const told = judgeSetUp(healthy(change)).filter(({ check }) => check === "ledger");
  expect(told.map(({ state }) => state)).toEqual(["good"]);
});

toldOnce([
  [
    "a ledger that others may rewrite",
    "warning",
    "ledger",
    { ledgerBranch: branch("pulumiscale") },
    /rewrite/,
  ],
  [
    "a ledger that takes pull requests only",
    "problem",
    "ledger",
    ledgerWith("pull_request"),
    /no push from the deploy workflow, nor from the App \(pull_request\).+no pin/,
  ],
  [
    "a ledger that lets the App alone by",
    "problem",
    "ledger",
    ledgerWith("update", OWN),
    /the deploy workflow \(update\)/,
  ],
  [
    "a ledger that lets the workflows alone by",
    "problem",
    "ledger",
    ledgerWith("update", ACTIONS),
    /push from the App \(update\): no pause/,
  ],
  [
    "a ledger that lets the App by for pull requests",
    "problem",
    "ledger",
    ledgerWith("update", ACTIONS, { ...bypassing(OWN), mode: "pull_request" }),
    /push from the App/,
  ],
  [
    "a ledger whose bypass list is not shown",
    "problem",
    "ledger",
    { ...ledgerWith("update"), rulesets: [] },
    /push from the deploy workflow \(update\)/,
  ],
  [
    "a ledger that some may push to",
    "problem",
    "ledger",
    protectedLedger({ pushers: [ACTIONS, 8] }),
    /push from the App \(restricted pushes\)/,
  ],
  [
    "a ledger that asks some for pull requests",
    "problem",
    "ledger",
    protectedLedger({ asksPullRequest: true, withoutPullRequest: [OWN] }),
    /push from the deploy workflow \(branch/,
  ],
  [
    "a ledger that is locked",
    "problem",
    "ledger",
    protectedLedger({ lock: "locked" }),
    /nor from the App \(a lock\)/,
  ],
  [
    "a ledger with required checks",
    "problem",
    "ledger",
    protectedLedger({ requiredChecks: [{ context: "ci", appId: null }] }),
    /required checks/,
  ],
  [
    "a protected ledger that may be rewritten",
    "warning",
    "ledger",
    protectedLedger({ history: "free" }),
    /rewrite/,
  ],
  [
    "writers are trusted",
    "warning",
    "ledger-trust",
    { repositoryFile: "ledger: trust-writers" },
    /write access/,
  ],
]);

it("tells of a ledger that nobody may make while there is none", () => {
  const none = { ...ledgerWith("creation"), ledger: "missing", stacks: [] } as const;
  const told = judgeSetUp(healthy(none)).filter(({ check }) => check === "ledger");
  expect(told).toMatchObject([{ state: "problem", message: expect.stringContaining("(creation)") }]);
});
