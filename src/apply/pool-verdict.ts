import type { PoolOutcome } from "../domain/receipt.ts";
import type { EngineReport, ResourceStep } from "./engine-events.ts";
import { lastLines } from "./pulumi-errors.ts";
import type { UpdateRun } from "./targeted-update.ts";
import { isUrnGlob, matchesUrn } from "./urn-pattern.ts";

/**
 * What an update did to one pool. `unchanged`: the engine visited every target and found nothing to do, which means
 * that an earlier update was recorded nowhere, or that the value reaches none of the targets.
 */
export type PoolVerdict =
  | { kind: "changed" }
  | { kind: "unchanged" }
  | { kind: "failed"; outcome: Exclude<PoolOutcome, "applied" | "no-effect">; message: string };

/** Judges one pool by what the engine's own events say of its target URNs, whatever became of the whole update. */
export function judgePool(targetUrns: readonly string[], run: UpdateRun): PoolVerdict {
  const { report } = run;
  const isOwn = (urn: string | null) => urn !== null && matchesUrn(targetUrns, urn);
  const own = (steps: readonly ResourceStep[]) => steps.filter(({ urn }) => isOwn(urn));

  const violations = report.violations.filter(({ urn }) => isOwn(urn));
  if (violations.length > 0) return policyDenied(violations);
  const ownErrors = report.errors.filter(({ urn }) => isOwn(urn));
  if (own(report.failed).length > 0 || ownErrors.length > 0) return failed(ownErrors, run);

  const done = own(report.done);
  const unseen = targetUrns.filter((target) => !done.some(({ urn }) => matchesUrn([target], urn)));
  if (unseen.length > 0) return judgeUnseen(unseen, run);
  // A pattern does not say how many resources it means, so after an update that stopped early nobody knows whether
  // all of them were reached.
  if (run.exitCode !== 0 && targetUrns.some(isUrnGlob)) {
    return report.violations.length > 0 ? policyDenied(report.violations) : failed(report.errors, run);
  }
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

function judgeUnseen(unseen: readonly string[], run: UpdateRun): PoolVerdict {
  const { errors, violations } = run.report;
  const missing = unseen.filter((target) =>
    errors.some(({ message }) => saysTargetIsMissing(message, target)),
  );
  if (missing.length > 0) return targetMissing(missing);
  if (violations.length > 0) return policyDenied(violations);
  if (run.exitCode === 0) return targetMissing(unseen);
  const verdict = failed(errors, run);
  // After a failure elsewhere Pulumi neither visits what depends on it nor looks for missing targets.
  const elsewhere = `Pulumi did not come to ${quoteAll(unseen)} in this update, since something failed before: `;
  return verdict.kind === "failed" && run.report.failed.length > 0
    ? { ...verdict, message: elsewhere + verdict.message }
    : verdict;
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

function failed(errors: EngineReport["errors"], run: UpdateRun): PoolVerdict {
  const relevant = errors.length > 0 ? errors : run.report.errors;
  const messages = unique(relevant.map(({ message }) => message).filter((message) => message !== ""));
  if (messages.length > 0) return { kind: "failed", outcome: "failed", message: messages.join("\n") };
  const why = run.report.isComplete
    ? `Pulumi ended with exit code ${run.exitCode} and no error of its own for this pool.`
    : `Pulumi stopped before it came to this pool: ${lastLines(run.stderr)}`;
  return { kind: "failed", outcome: "failed", message: `${why} The next run tries again.` };
}

function quoteAll(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(", ");
}

function unique(messages: readonly string[]): string[] {
  return [...new Set(messages)];
}
