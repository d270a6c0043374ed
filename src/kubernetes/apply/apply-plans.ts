import { ClusterError } from "../cluster/cluster-error.ts";
import { plainLine } from "../cluster/quote-text.ts";
import { applyPlan, renderPlanName } from "./apply-plan.ts";
import { decideOpening } from "./decide-opening.ts";
import { type DuePlan, decideDue, type RemovedPlan } from "./due-plans.ts";
import { endRun } from "./end-run.ts";
import { keepReceipt, PlanSuperseded } from "./keep-receipt.ts";
import { endFormer, findUnfinished } from "./left-runs.ts";
import type { PlanLedger, ReceiptTrust } from "./plan-ledger.ts";
import { type PlanReceipt, parseReceipt } from "./plan-receipt.ts";
import type { ApplyWorld } from "./plan-run.ts";
import type { RunMarks } from "./receipt-writer.ts";

/** What came of a run. `problems` are sentences on what was not applied, and why. */
export type PlansResult = { receipts: PlanReceipt[]; problems: string[] };

/**
 * Applies the merged plans that have no receipt, the oldest first. A plan that could not be begun stays due; that of another target is
 * applied all the same, unless the run is interrupted; so it is where a plan's own receipt cannot be written.
 */
export async function applyPlans(
  place: { ledger: PlanLedger; trust: ReceiptTrust },
  world: ApplyWorld,
  run: RunMarks,
  target: string | null,
): Promise<PlansResult> {
  const { due, removed, problems } = decideDue(await place.ledger.read(), target);
  const receipts: PlanReceipt[] = [];
  const take = (receipt: PlanReceipt) => {
    const { plan, outcome, message } = receipt;
    receipts.push(receipt);
    if (outcome !== "applied")
      problems.push(`The plan of ${plan.target} (${plan.createdAt}) ended as ${outcome}: ${message}`);
  };
  const tasks = [
    ...removed.map((one) => ({
      name: `the plan of ${one.target} that was removed`,
      work: () => endRemoved(place, one, world, run, take),
    })),
    ...due.map((one) => ({
      name: renderPlanName(one.plan),
      work: () => applyOne(place, one, world, run, take),
    })),
  ];
  for (const { name, work } of tasks) {
    try {
      await work();
    } catch (error) {
      if (world.signal.aborted) {
        problems.push(`The run was interrupted in ${name}; the next one goes on from there.`);
        break;
      }
      if (error instanceof PlanSuperseded) {
        world.say(error.message);
        continue;
      }
      const ended = error instanceof ClusterError ? "stays due" : "was not brought to its end";
      problems.push(`${capital(name)} ${ended}: ${sentenceOf(error)}`);
    }
  }
  return { receipts, problems: problems.map(world.redact) };
}

/** `take` is given each receipt that ends a plan: that of one before, which a run has left, may be the first. */
async function applyOne(
  place: { ledger: PlanLedger; trust: ReceiptTrust },
  due: DuePlan,
  world: ApplyWorld,
  run: RunMarks,
  take: (receipt: PlanReceipt) => void,
): Promise<void> {
  const { source, plan, standing } = due;
  const { target, blob } = source;
  world.say(`Applying ${renderPlanName(plan)}.`);
  const keeper = keepReceipt(place, target, standing?.text ?? null);
  const left = await findUnfinished(place.trust, standing, world);
  const isOwn = left?.plan.blob === blob;
  if (left !== null && !isOwn) {
    take(await endFormer(place.ledger, left, "a newer plan was merged", keeper, world, run));
  }
  const texts = await place.ledger.readEarlier(target);
  const earlier = texts.flatMap((text) => parseReceipt(text) ?? []);
  const opening = decideOpening({ plan, blob }, isOwn ? left : null, earlier, world.clock());
  take(
    opening.kind === "end"
      ? await endRun(opening.unfinished, opening.why, plan, keeper, world, run)
      : await applyPlan(due, opening, keeper, world, run),
  );
}

async function endRemoved(
  { ledger, trust }: { ledger: PlanLedger; trust: ReceiptTrust },
  { target, standing }: RemovedPlan,
  world: ApplyWorld,
  run: RunMarks,
  take: (receipt: PlanReceipt) => void,
): Promise<void> {
  const left = await findUnfinished(trust, standing, world);
  const keeper = keepReceipt({ ledger, trust }, target, standing.text);
  if (left !== null) take(await endFormer(ledger, left, "its plan was removed", keeper, world, run));
}

/** What else than a cluster may fail, as the ledger, says its own; one line of it is told. */
function sentenceOf(error: unknown): string {
  if (error instanceof ClusterError) return error.message;
  return plainLine(error instanceof Error ? error.message : String(error));
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
