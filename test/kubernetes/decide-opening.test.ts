import { expect, it } from "vitest";
import { decideOpening } from "../../src/kubernetes/apply/decide-opening.ts";
import type { PlanReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { planOf, scaleTo } from "./support/plan-world.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const DAY_MS = 24 * 60 * 60_000;
const at = (agoMs: number) => new Date(NOW_MS - agoMs).toISOString();
const blob = "a".repeat(40);

function made(agoMs: number, observed?: "absent") {
  const metadata = { createdAt: at(agoMs), target: "prod" };
  return { plan: planOf([{ ...scaleTo("web", 2), ...(observed && { observed }) }], { metadata }), blob };
}

function receipt(outcome: PlanReceipt["outcome"], agoMs: number, of = blob): PlanReceipt {
  return {
    ...{ apiVersion: "infra.scale/v1", kind: "PlanReceipt", outcome, message: "", run: "a" },
    plan: { path: "plan.yaml", blob: of, createdAt: at(agoMs), target: "prod" },
    ...{ startedAt: at(agoMs), publishedAt: at(agoMs), finishedAt: null, runUrl: null },
    ...{ actions: [], rollbackHints: [], attestation: null },
  };
}

it.each([
  ["begun within a week", made(6 * DAY_MS), [], "begin"],
  ["not begun later", made(8 * DAY_MS), [], "refuse"],
  ["begun later where it says what it was made for", made(8 * DAY_MS, "absent"), [], "begin"],
  ["not begun before it was made", made(-DAY_MS), [], "refuse"],
  ["not begun where it has ended before", made(0, "absent"), [receipt("stale", 1)], "refuse"],
  ["begun where a run of it had not ended, and does not count", made(0), [receipt("applying", 1)], "begin"],
  ["begun where another plan has ended", made(0), [receipt("applied", 1, "b".repeat(40))], "begin"],
])("a plan is %s", (_, plan, earlier, kind) => {
  expect(decideOpening(plan, null, earlier, NOW_MS)).toMatchObject({ kind });
});

it.each([
  ["gone on with for a day", receipt("applying", DAY_MS), [], "resume"],
  ["taken back for a day", receipt("rolling-back", DAY_MS), [], "resume"],
  ["left after a day", receipt("rolling-back", DAY_MS + 1), [], "end"],
  ["left where its plan has ended", receipt("applying", 9), [receipt("failed", 9)], "end"],
  ["left where a newer plan has ended", receipt("applying", 9), [receipt("applied", 8, "b")], "end"],
  [
    "gone on with where an older plan has ended",
    receipt("applying", 8),
    [receipt("applied", 9, "b")],
    "resume",
  ],
])("what a run has left is %s", (_, unfinished, earlier, kind) => {
  expect(decideOpening(made(30 * DAY_MS), unfinished, earlier, NOW_MS)).toMatchObject({ kind });
});
