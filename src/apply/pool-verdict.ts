import type { PoolOutcome } from "../domain/receipt.ts";
import type { EngineReport, ResourceStep } from "./engine-events.ts";
import { lastLines } from "./pulumi-errors.ts";
import type { UpdateRun } from "./targeted-update.ts";
import { isUrnGlob, matchesUrn } from "./urn-pattern.ts";

/**
 * What an update did to one pool.
 * - `unchanged`: the engine visited every target and found nothing to do: an earlier update was recorded nowhere, or
 *   the value reaches none of the targets.
 * - `unreached`: the update stopped, for a reason of someone else's, before it can be said of this pool. By itself it
 *   may work.
 */
export type PoolVerdict =
  | { kind: "changed" }
  | { kind: "unchanged" }
  | { kind: "unreached"; message: string }
  | { kind: "failed"; outcome: Exclude<PoolOutcome, "applied" | "no-effect">; message: string };

/** Judges one pool by what the engine's own events say of its target URNs, whatever became of the whole update. */
export function judgePool(targetUrns: readonly string[], run: UpdateRun): PoolVerdict {
  const { report } = run;
  const isOwn = (urn: string | null) => urn !== null && matchesUrn(targetUrns, urn);
  const own = (steps: readonly ResourceStep[]) => steps.filter(({ urn }) => isOwn(urn));

  // A policy on the stack as a whole has no URN.
  const violations = report.violations.filter(({ urn }) => urn === null || isOwn(urn));
  if (violations.length > 0) return policyDenied(violations);
  const ownErrors = report.errors.filter(({ urn }) => isOwn(urn));
  if (own(report.failed).length > 0 || ownErrors.length > 0) return failed(ownErrors);

  // With `refresh` the engine reads each target before the program begins: that is no visit of the update itself.
  const done = own(report.done).filter(({ op }) => op !== "refresh");
  const unseen = targetUrns.filter((target) => !done.some(({ urn }) => matchesUrn([target], urn)));
  const missing = unseen.filter((target) =>
    report.errors.some((error) => saysTargetIsMissing(error.message, target)),
  );
  if (missing.length > 0) return targetMissing(missing);
  if (unseen.length > 0 && run.exitCode === 0) return targetMissing(unseen);
  // A pattern does not say how many resources it means, so after an update that stopped early nobody knows whether
  // all of them were reached.
  const unknown = run.exitCode === 0 ? [] : targetUrns.filter(isUrnGlob);
  if (unseen.length + unknown.length > 0) return unreached([...new Set([...unseen, ...unknown])], run);
  const changed = done.some(({ op, urn }) => isChange(op) && (targetUrns.includes(urn) || !isPlumbing(urn)));
  return changed ? { kind: "changed" } : { kind: "unchanged" };
}

/**
 * Providers, and the stack itself. A pattern such as `**` means them too, and a dynamic provider gets the whole
 * configuration, so it is updated by every value that changes: that says nothing of the pool.
 */
function isPlumbing(urn: string): boolean {
  return /::pulumi:(?:providers:[^:]*|pulumi:Stack)::/.test(urn);
}

/** Whether a step with this `op` changes a resource. What is unknown counts as a change. */
export function isChange(op: string): boolean {
  return !["same", "read", "refresh", "read-discard", "read-replacement"].includes(op);
}

/** Pulumi's words for a target that neither the state nor the program has; only the text says so. */
function saysTargetIsMissing(message: string, target: string): boolean {
  return message.includes(`'${target}' could not be found`);
}

function targetMissing(targets: readonly string[]): PoolVerdict {
  const message =
    `The stack has no resource ${quoteAll(targets)}. ` +
    "A target that was renamed or moved has a new URN: export it as `targetUrn: resource.urn` and run a full `pulumi up`.";
  return { kind: "failed", outcome: "target-missing", message };
}

function policyDenied(violations: EngineReport["violations"]): PoolVerdict {
  const messages = violations.map(({ policy, message }) => `${policy}: ${message}`);
  return { kind: "failed", outcome: "policy-denied", message: unique(messages).join("\n") };
}

function failed(errors: EngineReport["errors"]): PoolVerdict {
  const messages = unique(errors.map(({ message }) => message).filter((message) => message !== ""));
  const message = messages.join("\n") || "Pulumi could not update a target of this pool, and gave no reason.";
  return { kind: "failed", outcome: "failed", message };
}

function unreached(targets: readonly string[], { report, stderr }: UpdateRun): PoolVerdict {
  const reasons = unique([
    ...report.violations.map(({ policy, message }) => `${policy}: ${message}`),
    ...report.errors.map(({ message }) => message).filter((message) => message !== ""),
  ]);
  const why = reasons.join("\n") || lastLines(stderr);
  return {
    kind: "unreached",
    message: `Pulumi stopped before it had finished with ${quoteAll(targets)}: ${why}`,
  };
}

function quoteAll(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(", ");
}

function unique(messages: readonly string[]): string[] {
  return [...new Set(messages)];
}
