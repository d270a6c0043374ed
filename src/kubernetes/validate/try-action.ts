import { type ActionState, isSameState } from "../apply/action-state.ts";
import type { Change, Seen } from "../apply/change.ts";
import { openChange } from "../apply/open-change.ts";
import { renderRollbackCommand } from "../apply/rollback-command.ts";
import { tellAdmission } from "../apply/tell-admission.ts";
import type { Cluster, OnConflict } from "../cluster/cluster.ts";
import { ClusterError, type ClusterErrorCode, type FieldConflict } from "../cluster/cluster-error.ts";
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

/** Tries the change as it will be applied; what is somebody else's is told, and the rest is tried all the same. */
async function tryChange(change: Change, seen: Seen): Promise<Finding[]> {
  const { subject } = change;
  const aim = change.aim(seen);
  // What stands so already is not written when the plan is applied either.
  if (isSameState(seen.state, aim)) return [];
  const isTold = aim.kind === "replicas" && seen.owners.length > 0;
  const findings: Finding[] = isTold ? [setByOthers(subject, seen.owners)] : [];
  // Without its version: what a controller has said of the object since is no conflict.
  const live = { ...seen, version: null };
  const tryIt = (onConflict: OnConflict) =>
    attempt(findings, subject, () => change.write(aim, live, "dry-run", onConflict), ["forbidden", "busy"]);
  try {
    const made = await tryIt("refuse").catch(async (error: unknown) => {
      if (!(error instanceof ClusterError) || error.conflicts.length === 0) throw error;
      findings.push(ownedByOthers(subject, error.conflicts));
      return await tryIt("take-over");
    });
    const message = made && tellAdmission(subject, aim, made);
    if (message !== null)
      findings.push({ kind: "risk", code: "changed-by-admission", subject, message, numbers: {} });
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

/** The scale subresource refuses nobody. */
function setByOthers(subject: string, owners: readonly string[]): Finding {
  const names = owners.slice(0, SHOWN).map((name) => quoteText(name, 100));
  const message = `The replicas of ${subject} were set by ${names.join(", ")}: the plan takes them over, and they may be set back.`;
  return { kind: "note", code: "set-by-others", subject, message, numbers: { owners: owners.length } };
}

function ownedByOthers(subject: string, conflicts: readonly FieldConflict[]): Finding {
  const shown = conflicts
    .slice(0, SHOWN)
    .map(({ field, manager }) => `${quoteText(field, 200)} by ${quoteText(manager, 100)}`);
  const more = conflicts.length > SHOWN ? ` and ${conflicts.length - SHOWN} more` : "";
  const message = `Others have set of ${subject} what the plan changes: ${shown.join(", ")}${more}. Applying it is refused, unless apply-plan is run with force-conflicts.`;
  return { kind: "risk", code: "owned-by-others", subject, message, numbers: { fields: conflicts.length } };
}

const SHOWN = 5;
