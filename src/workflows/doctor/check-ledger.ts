import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { LEDGER_BRANCH } from "../../ledger/entry.ts";
import { type DoctorFinding, good, problem, unknown, warning } from "./finding.ts";

/** The App behind a workflow's own token, on github.com. */
const ACTIONS_APP = 15_368;

/** Those who push there. The App's id is not always known: then any may be it. */
const PUSHERS = [
  { kind: "workflow", name: "the deploy workflow", lost: "nothing that is deployed is known" },
  { kind: "app", name: "the App", lost: "no pause and no pin is kept" },
] as const;
type Pusher = (typeof PUSHERS)[number];

/** Whether the ledger branch takes what the deploy workflow and the App write, and keeps its history. */
export function checkLedger(facts: DoctorFacts): DoctorFinding[] {
  const { rules, protection } = facts.ledgerBranch;
  const subject = `branch ${LEDGER_BRANCH}`;
  if (rules.kind === "hidden")
    return [unknown("ledger", subject, rules.why, "Ask with a token that may read it.")];
  const barriers = barriersOf(facts);
  const stopping = barriers.filter(({ letsBy }) => !PUSHERS.every(letsBy));
  const stopped = PUSHERS.filter((pusher) => stopping.some(({ letsBy }) => !letsBy(pusher)));
  if (stopped.length > 0) {
    const by = [...new Set(stopping.map(({ name }) => name))].join(", ");
    const from = stopped.map(({ name }) => name).join(", nor from ");
    const message = `It takes no push from ${from} (${by}): ${stopped.map(({ lost }) => lost).join(", ")}.`;
    return [problem("ledger", subject, message, "Leave that branch out of the ruleset or the protection.")];
  }
  const types = new Set(rules.value.map(({ type }) => type));
  const isKept = types.has("non_fast_forward") && types.has("deletion");
  if (isKept || (protection.kind === "seen" && protection.value?.history === "kept"))
    return [good("ledger", subject)];
  const message = "Others may rewrite or delete it, and with it the history by which an old entry is told.";
  return [warning("ledger", subject, message, "Give it a ruleset that blocks force pushes and deletions.")];
}

type Barrier = { name: string; letsBy: (pusher: Pusher) => boolean };

const STOPS: ReadonlySet<string> = new Set([
  "update",
  "pull_request",
  "required_status_checks",
  "required_deployments",
  "merge_queue",
]);

/** All that stops a plain push, and whom not. */
function barriersOf(facts: DoctorFacts): Barrier[] {
  const { rules, protection } = facts.ledgerBranch;
  const isPusher = (id: number | null, { kind }: Pusher) =>
    id !== null && (kind === "workflow" ? id === ACTIONS_APP : isOwn(facts, id));
  const found = (rules.kind === "seen" ? rules.value : [])
    .filter(({ type }) => STOPS.has(type) || (type === "creation" && facts.ledger === "missing"))
    .map(({ type, rulesetId }): Barrier => {
      const bypass = facts.rulesets.find(({ id }) => id === rulesetId)?.bypass;
      return {
        name: type,
        letsBy: (pusher) =>
          bypass?.kind === "seen"
            ? bypass.value.some(
                ({ kind, id, mode }) => kind === "Integration" && mode === "always" && isPusher(id, pusher),
              )
            : // Who is on a list that is not shown is anybody's guess; a workflow hardly ever is.
              pusher.kind === "app",
      };
    });
  if (protection.kind === "hidden" || protection.value === null) return found;
  const { asksPullRequest, withoutPullRequest, pushers, requiredChecks, lock } = protection.value;
  const listed = (ids: readonly number[]) => (pusher: Pusher) => ids.some((id) => isPusher(id, pusher));
  if (asksPullRequest) found.push({ name: "branch protection", letsBy: listed(withoutPullRequest) });
  if (pushers !== null) found.push({ name: "restricted pushes", letsBy: listed(pushers) });
  if (requiredChecks.length > 0) found.push({ name: "required checks", letsBy: () => false });
  if (lock === "locked") found.push({ name: "a lock", letsBy: () => false });
  return found;
}

function isOwn({ app }: DoctorFacts, id: number): boolean {
  const own = app.kind === "seen" ? app.value?.id : undefined;
  return own === undefined ? id !== ACTIONS_APP : id === own;
}
