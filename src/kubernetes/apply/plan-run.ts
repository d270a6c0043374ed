import type { Cluster, OnConflict } from "../cluster/cluster.ts";
import type { PlanAction, ScalePlan } from "../scale-plan.ts";
import type { ActionState } from "./action-state.ts";
import type { Change, Seen } from "./change.ts";
import { openChange } from "./open-change.ts";
import { type ActionReceipt, cutMessage } from "./plan-receipt.ts";
import type { Waiting } from "./wait-for-rollout.ts";

/** What applying a plan needs of the outside. */
export type ApplyWorld = Waiting & {
  /** The cluster of a context; null: of the current one. Throws `ClusterError`. */
  clusterOf(kubeContext: string | null): Promise<Cluster>;
  /** The context of actions that name none of their own, in place of the plan's; null: the plan's. */
  kubeContext: string | null;
  onConflict: OnConflict;
  /** Takes the secrets out of what is written down, whoever has said it. */
  redact: (text: string) => string;
};

/** One action under way. */
export type Step = {
  action: PlanAction;
  cluster: Cluster;
  change: Change;
  before: ActionState;
  after: ActionState;
  outcome: ActionReceipt["outcome"];
  message: string;
};

/** A step, with its object as it stands in the cluster now. */
export type ReadStep = { step: Step; seen: Seen };

/** Opens what a plan's actions are about, and reads it. Throws `ClusterError`. */
export async function readSteps(
  plan: ScalePlan,
  { clusterOf, kubeContext }: Pick<ApplyWorld, "clusterOf" | "kubeContext">,
): Promise<ReadStep[]> {
  const steps: ReadStep[] = [];
  for (const action of plan.actions) {
    const cluster = await clusterOf(action.kubeContext ?? kubeContext ?? plan.context.kubeContext);
    const change = await openChange(cluster, plan, action);
    const seen = await change.read();
    const [before, after] = [seen.state, change.aim(seen)];
    steps.push({
      seen,
      step: { action, cluster, change, before, after, outcome: "pending", message: "" },
    });
  }
  return steps;
}

/** The step for the receipt. */
export function toActionReceipt(
  { action, cluster, change, ...rest }: Step,
  { redact }: Pick<ApplyWorld, "redact">,
): ActionReceipt {
  const { before, after, outcome, message } = rest;
  return {
    action: action.action,
    subject: change.subject,
    namespace: action.namespace,
    kubeContext: cluster.context,
    outcome,
    message: cutMessage(redact(message)),
    before,
    after,
  };
}
