import type { ActionState } from "../apply/action-state.ts";
import type { Change, Seen } from "../apply/change.ts";
import { openChange } from "../apply/open-change.ts";
import { renderRollbackCommand } from "../apply/rollback-command.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterError, type ClusterErrorCode } from "../cluster/cluster-error.ts";
import { quoteText } from "../cluster/quote-text.ts";
import { attempt } from "../detect/attempt.ts";
import type { Finding } from "../finding.ts";
import type { PlanAction, ScalePlan } from "../scale-plan.ts";

/** What an action finds before it is applied, and the command that brings that back. */
export type SeenAction = {
  observed: NonNullable<PlanAction["observed"]>;
  state: ActionState;
  rollback: string | null;
};

/**
 * Reads what an action of a plan is to change, and has the API server check the change without storing it. Null where it cannot be read.
 * Throws `ClusterError` where no answer comes.
 */
export async function tryAction(
  cluster: Cluster,
  plan: ScalePlan,
  action: PlanAction,
): Promise<{ seen: SeenAction | null; findings: Finding[] }> {
  const findings: Finding[] = [];
  const subject = `${action.kind}/${action.name}`;
  const found = await attempt(findings, subject, async () => {
    try {
      const change = await openChange(cluster, plan, action);
      return { change, seen: await change.read() };
    } catch (error) {
      if (error instanceof ClusterError && IMPOSSIBLE.includes(error.code)) return error;
      throw error;
    }
  });
  if (found === null) return { seen: null, findings };
  if (found instanceof ClusterError)
    return { seen: null, findings: [...findings, impossible(subject, found)] };
  const { change, seen } = found;
  return { seen: toSeenAction(change, seen), findings: await tryChange(change, seen) };
}

async function tryChange(change: Change, seen: Seen): Promise<Finding[]> {
  const { subject } = change;
  const findings: Finding[] = seen.owners.length === 0 ? [] : [owned(subject, seen.owners)];
  try {
    await attempt(findings, subject, () => change.write(change.aim(seen), seen, "dry-run", "take-over"), [
      "forbidden",
      "busy",
    ]);
  } catch (error) {
    if (!(error instanceof ClusterError) || !REFUSALS.includes(error.code)) throw error;
    const message = `A dry run of the change of ${subject} fails. ${error.message}`;
    findings.push({ kind: "risk", code: "dry-run-refused", subject, message, numbers: {} });
  }
  return findings;
}

/** There is nothing that could be changed so, whatever the API server would say of the change. */
const IMPOSSIBLE: readonly ClusterErrorCode[] = ["absent", "refused"];
const REFUSALS: readonly ClusterErrorCode[] = ["refused", "conflict", "absent", "unexpected"];

function toSeenAction({ reference }: Change, { state, version, uid }: Seen): SeenAction {
  const rollback = renderRollbackCommand(reference, state);
  if (version === null || uid === null) return { observed: "absent", state, rollback };
  const generation = version.generation === null ? {} : { generation: version.generation };
  return { observed: { uid, resourceVersion: version.resourceVersion, ...generation }, state, rollback };
}

function impossible(subject: string, { code, message }: ClusterError): Finding {
  return { kind: "risk", code: code === "absent" ? "absent" : "not-possible", subject, message, numbers: {} };
}

function owned(subject: string, owners: readonly string[]): Finding {
  const names = owners.slice(0, 5).map((name) => quoteText(name, 100));
  const message = `What the plan sets of ${subject} was set by ${names.join(", ")}: the plan takes it over, and they may set it back.`;
  return { kind: "note", code: "set-by-others", subject, message, numbers: { owners: owners.length } };
}
