import type { ScalePlan } from "../scale-plan.ts";
import { isSameState } from "./action-state.ts";
import type { ReceiptKeeper } from "./keep-receipt.ts";
import type { PlanSource } from "./plan-ledger.ts";
import { planPath } from "./plan-place.ts";
import { cutHint, cutMessage, isUnfinished, type PlanReceipt } from "./plan-receipt.ts";
import { type ApplyWorld, type Step, toActionReceipt } from "./plan-run.ts";
import { inContext, renderRollbackCommand } from "./rollback-command.ts";

/** Of a run: its id, and where its log is. */
export type RunMarks = { id: string; url: string | null };

/** Writes the receipt of a plan as its steps are when it is asked to, and answers it. */
export type WriteReceipt = (outcome: PlanReceipt["outcome"], message: string) => Promise<PlanReceipt>;

/** `startedAt` is when the plan was begun, ISO 8601; null: now. */
export function receiptWriter(
  { source, plan }: { source: PlanSource; plan: ScalePlan },
  steps: readonly Step[],
  startedAt: string | null,
  keeper: ReceiptKeeper,
  world: ApplyWorld,
  run: RunMarks,
): WriteReceipt {
  const timeOf = () => new Date(world.clock()).toISOString();
  const begun = startedAt ?? timeOf();
  return async (outcome, message) => {
    const receipt: PlanReceipt = {
      apiVersion: "infra.scale/v1",
      kind: "PlanReceipt",
      plan: {
        path: planPath(source.target),
        blob: source.blob,
        createdAt: plan.metadata.createdAt,
        target: source.target,
      },
      outcome,
      message: cutMessage(world.redact(message)),
      run: run.id,
      startedAt: begun,
      publishedAt: timeOf(),
      finishedAt: isUnfinished({ outcome }) ? null : timeOf(),
      runUrl: run.url,
      actions: steps.map((step) => toActionReceipt(step, world)),
      rollbackHints: hintsOf(steps),
      attestation: null,
    };
    await keeper.write(receipt);
    return receipt;
  };
}

function hintsOf(steps: readonly Step[]): string[] {
  return steps
    .filter(({ before, after }) => !isSameState(before, after))
    .toReversed()
    .flatMap(({ change, before, cluster }) => {
      const command = renderRollbackCommand(change.reference, before);
      return command === null ? [] : [cutHint(inContext(command, cluster.context), change.subject)];
    });
}
