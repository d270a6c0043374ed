import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PoolReceipt } from "../domain/receipt.ts";
import { editPoolValues } from "../domain/stack-file.ts";
import { makeOwnedFolder } from "./owned-folder.ts";
import type { PendingPool } from "./pending.ts";
import { judgePool, type PoolVerdict } from "./pool-verdict.ts";
import { lastLines } from "./pulumi-errors.ts";
import type { PulumiSettings } from "./pulumi-process.ts";
import { type RetryPace, retryConcurrent } from "./retry-concurrent.ts";
import { previewTargets, type UpdateRequest, type UpdateRun, updateTargets } from "./targeted-update.ts";
import { findUnexpected, formatUnexpected } from "./unexpected-change.ts";

/** How the engine is driven for one stack. */
export type EngineOptions = PulumiSettings & {
  /** As Pulumi takes it: `stack`, `org/stack` or `org/project/stack`. */
  stack: string;
  project: string;
  /** Where the values to apply stand already: the stack's own file, or a copy that is to be used instead. */
  stackFile: { kind: "work-tree" | "copy"; path: string; text: string };
  refresh: boolean;
  policyPacks: readonly string[];
  parallel: number | undefined;
  /** Whether older undeployed changes may delete, replace and create resources on the way. */
  unexpectedChanges: "refuse" | "allow";
  message: string;
  pace: RetryPace;
};

/**
 * Applies the pools with one targeted `up`, and says of each what became of it. Texts are Pulumi's own, uncleaned.
 * One more process where older changes are undeployed (a preview first), and where the engine found a pool's resources
 * at the value already (see `confirmUnchanged`). Throws `StackBusyError` and `PulumiMissingError`.
 */
export async function applyPools(
  pending: readonly PendingPool[],
  previewFirst: "preview-first" | "at-once",
  options: EngineOptions,
): Promise<PoolReceipt[]> {
  if (pending.length === 0) return [];
  const request = requestFor(pending, options);
  const attempt = <T>(work: () => Promise<T>) =>
    retryConcurrent(options.stack, work, options.pace, options.signal);
  if (previewFirst === "preview-first" && options.unexpectedChanges === "refuse") {
    const preview = await attempt(() => previewTargets(request, options));
    if (preview.exitCode !== 0) return pending.map((pool) => blockedByPreview(pool, preview));
    const unexpected = findUnexpected(preview.report);
    if (unexpected.length > 0) {
      return pending.map((pool) => receiptOf(pool, "unexpected-change", formatUnexpected(unexpected)));
    }
  }
  const judged = await updateAndJudge(pending, options);
  const doubtful = judged.filter(({ verdict }) => verdict.kind === "unchanged").map(({ pool }) => pool);
  const confirmed = new Map(
    (await confirmUnchanged(doubtful, options)).map((receipt) => [receipt.pool, receipt]),
  );
  return judged.map(({ pool, verdict }) => {
    if (verdict.kind === "failed" || verdict.kind === "unreached") {
      const interrupted = options.signal?.aborted ? `${INTERRUPTED_UPDATE} ` : "";
      const outcome = verdict.kind === "failed" ? verdict.outcome : "failed";
      return receiptOf(pool, outcome, interrupted + verdict.message);
    }
    return confirmed.get(pool.pool.name) ?? receiptOf(pool, "applied", "");
  });
}

type Judged = { pool: PendingPool; verdict: PoolVerdict };

/**
 * One `up` for all. Pools that it did not reach because another one failed (a policy that objects ends the whole update)
 * get a further `up` without that one, so that a bad pool never holds its neighbours.
 */
async function updateAndJudge(pools: readonly PendingPool[], options: EngineOptions): Promise<Judged[]> {
  const run = await retryConcurrent(
    options.stack,
    () => updateTargets(requestFor(pools, options), options),
    options.pace,
    options.signal,
  );
  const judged = pools.map((pool) => ({ pool, verdict: judgePool(pool.pool.targetUrns, run) }));
  const unreached = judged.filter(({ verdict }) => verdict.kind === "unreached").map(({ pool }) => pool);
  const isHeldByOthers = unreached.length > 0 && unreached.length < pools.length;
  if (!isHeldByOthers || options.signal?.aborted) return judged;
  // What the first update did stands, whatever becomes of the second: those pools stay unreached, each with its reason.
  const second = await updateAndJudge(unreached, options).catch(() => []);
  const again = new Map(second.map((line) => [line.pool, line]));
  return judged.map((line) => again.get(line.pool) ?? line);
}

/** Without a whole preview nobody knows what the update would carry along, so no pool is applied. */
function blockedByPreview(pool: PendingPool, preview: UpdateRun): PoolReceipt {
  const verdict = judgePool(pool.pool.targetUrns, preview);
  if (verdict.kind === "failed") return receiptOf(pool, verdict.outcome, verdict.message);
  const why = preview.report.errors[0]?.message ?? lastLines(preview.stderr);
  return receiptOf(
    pool,
    "failed",
    `Older changes of this program are not deployed yet, and the preview that would show them failed, so nothing was applied: ${why}`,
  );
}

/** One request for all pools: their targets together, and their dependents where one of them asks for it. */
export function requestFor(pools: readonly PendingPool[], options: EngineOptions): UpdateRequest {
  return {
    stack: options.stack,
    targets: [...new Set(pools.flatMap(({ pool }) => pool.targetUrns))],
    targetDependents: pools.some(({ pool }) => pool.targetDependents),
    refresh: options.refresh,
    policyPacks: options.policyPacks,
    parallel: options.parallel,
    configFile: options.stackFile.kind === "copy" ? options.stackFile.path : undefined,
    message: options.message,
  };
}

/**
 * Tells two pools apart for which the engine found nothing to do. One was applied by a run that was killed before the
 * ledger had it: its resources stand at the new value, so a preview with the old value would change them. The other's
 * value reaches none of its targets: a preview with the old value would change nothing either, and that is `no-effect`.
 * A pool whose value is the one that was applied last has nothing to prove.
 */
async function confirmUnchanged(
  doubtful: readonly PendingPool[],
  options: EngineOptions,
): Promise<PoolReceipt[]> {
  const moved = doubtful.flatMap(({ pool, from, to }) =>
    from === null || from === to ? [] : [{ pool, from, to }],
  );
  if (moved.length === 0) return [];
  if (options.signal?.aborted) return moved.map((pool) => receiptOf(pool, "failed", INTERRUPTED));
  const edits = moved.map(({ pool, from }) => ({
    location: { ...pool.location, project: options.project },
    value: from,
  }));
  const edited = editPoolValues(options.stackFile.text, edits);
  if (edited.kind === "refused") {
    return moved.map((pool) => receiptOf(pool, "no-effect", `${NO_EFFECT} ${edited.refusal.message}`));
  }
  try {
    const run = await previewPools(moved, edited.text, options);
    return moved.map((pool) => confirmedBy(pool, judgePool(pool.pool.targetUrns, run), options.signal));
  } catch (error) {
    // The update before it is done, and its other pools are to be recorded.
    const why = error instanceof Error ? error.message : String(error);
    return moved.map((pool) =>
      receiptOf(pool, "failed", options.signal?.aborted ? INTERRUPTED : `${UNCONFIRMED} ${why}`),
    );
  }
}

/** A preview that did not come to an end says nothing, least of all that the value reaches no target. */
function confirmedBy(pool: PendingPool, verdict: PoolVerdict, signal: AbortSignal | undefined): PoolReceipt {
  switch (verdict.kind) {
    case "changed":
      return receiptOf(pool, "applied", "");
    case "unchanged":
      return receiptOf(pool, "no-effect", NO_EFFECT);
    case "failed":
    case "unreached":
      return receiptOf(pool, "failed", signal?.aborted ? INTERRUPTED : `${UNCONFIRMED} ${verdict.message}`);
  }
}

const INTERRUPTED_UPDATE =
  "The run was interrupted while Pulumi worked, so the pool may stand at either value. The next run goes on.";

const INTERRUPTED =
  "The run was interrupted before it could tell whether the value was applied already. The next run tells.";

const UNCONFIRMED =
  "Pulumi had nothing to change, and whether the value was applied already or reaches no target could not be told, since the preview with the old value failed. The next run tries again:";

const NO_EFFECT =
  "Pulumi visited every target and had nothing to change, with the old value as with the new one, so the value does not " +
  "reach the targets. A component's URN targets none of its children: target the resource that takes the value, or `**` below it.";

/** Previews pools together with this text as the stack file; nothing moves. Throws as `previewTargets` does. */
export function previewPools(
  pools: readonly PendingPool[],
  text: string,
  options: Omit<EngineOptions, "stackFile">,
): Promise<UpdateRun> {
  return withConfigFile(text, options.recordFolder, (path) => {
    const request = requestFor(pools, { ...options, stackFile: { kind: "copy", path, text } });
    return retryConcurrent(
      options.stack,
      () => previewTargets(request, options),
      options.pace,
      options.signal,
    );
  });
}

/** Runs the work with a copy of the stack file, so that nothing moves in the work tree. */
export async function withConfigFile<T>(
  text: string,
  recordFolder: string | undefined,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await makeOwnedFolder("config", recordFolder);
  try {
    const path = join(folder, "stack.yaml");
    await writeFile(path, text, { mode: 0o600 });
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function receiptOf(
  { pool, from, to }: PendingPool,
  outcome: PoolReceipt["outcome"],
  message: string,
): PoolReceipt {
  return { pool: pool.name, outcome, from, to, message };
}
