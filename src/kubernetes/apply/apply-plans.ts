import { ClusterError } from "../cluster/cluster-error.ts";
import { plainLine } from "../cluster/quote-text.ts";
import type { ScalePlan } from "../scale-plan.ts";
import { applyPlan, renderPlanName } from "./apply-plan.ts";
import { decideOpening } from "./decide-opening.ts";
import { type DuePlan, decideDue } from "./due-plans.ts";
import { endRun } from "./end-run.ts";
import { judgePlan } from "./judge-plan.ts";
import { keepReceipt, PlanSuperseded } from "./keep-receipt.ts";
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
  const { due, problems } = decideDue(await place.ledger.read(), target);
  const receipts: PlanReceipt[] = [];
  const take = (receipt: PlanReceipt) => {
    const { plan, outcome, message } = receipt;
    receipts.push(receipt);
    if (outcome !== "applied")
      problems.push(`The plan of ${plan.target} (${plan.createdAt}) ended as ${outcome}: ${message}`);
  };
  for (const plan of due) {
    world.say(`Applying ${renderPlanName(plan.plan)}.`);
    try {
      await applyOne(place, plan, world, run, take);
    } catch (error) {
      if (world.signal.aborted) {
        problems.push(
          `The run was interrupted in ${renderPlanName(plan.plan)}; the next one goes on from there.`,
        );
        break;
      }
      if (error instanceof PlanSuperseded) {
        world.say(error.message);
        continue;
      }
      const ended = error instanceof ClusterError ? "stays due" : "was not brought to its end";
      problems.push(`${capital(renderPlanName(plan.plan))} ${ended}: ${sentenceOf(error)}`);
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
  const keeper = keepReceipt(place, target, standing?.text ?? null);
  const left = await findUnfinished(place.trust, due, world);
  const isOwn = left?.plan.blob === blob;
  if (left !== null && !isOwn) {
    const former = await readFormer(place.ledger, left);
    const why = `The run that began at ${left.startedAt} had not ended when a newer plan was merged.`;
    take(await endRun(left, why, former, keeper, world, run));
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

/** A plan that is not the newest any more; null where it is not to be had. */
async function readFormer(
  ledger: PlanLedger,
  { plan: { blob, target } }: PlanReceipt,
): Promise<ScalePlan | null> {
  const text = await ledger.readPlan(blob);
  const judged = text === null ? null : judgePlan(text, target);
  return judged?.kind === "plan" ? judged.plan : null;
}

/** What a run has left at the plan's place, where that counts. */
async function findUnfinished(
  trust: ReceiptTrust,
  { standing }: DuePlan,
  { say }: Pick<ApplyWorld, "say">,
): Promise<PlanReceipt | null> {
  if (standing?.unfinished == null) return null;
  const refusal = await trust.judge(standing.unfinished, standing.text);
  if (refusal === null) return standing.unfinished;
  say(`The receipt of an unfinished run is not accepted, since ${refusal}.`);
  return null;
}

/** What else than a cluster may fail, as the ledger, says its own; one line of it is told. */
function sentenceOf(error: unknown): string {
  if (error instanceof ClusterError) return error.message;
  return plainLine(error instanceof Error ? error.message : String(error));
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
