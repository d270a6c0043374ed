import { appliedValue } from "../domain/applied-value.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { previewPools } from "./apply-pools.ts";
import { type ApplyRequest, type ApplyWorld, refusalSentence } from "./apply-stack.ts";
import { readStackFileText } from "./checkout.ts";
import { cleanOutput } from "./clean-output.ts";
import type { PendingPool } from "./pending.ts";
import { judgePool } from "./pool-verdict.ts";
import { formatFinding, readOwnContract } from "./read-contract.ts";
import { type PreviewedPool, renderPreview } from "./render-preview.ts";
import { loadAutomation } from "./targeted-update.ts";
import { readTrustedEntry } from "./trusted-entry.ts";
import { findUnexpected, formatUnexpected } from "./unexpected-change.ts";

export type PreviewRequest = Pick<ApplyRequest, "place" | "checkout" | "engine">;

export type PreviewResult = {
  pools: PreviewedPool[];
  unexpected: string | null;
  /** What people read, block by block, so that what is too long for a place can be cut between two. */
  blocks: string[];
  /** The blocks as one text. */
  markdown: string;
};

/**
 * Previews the pools' values of the work tree against the backend, without moving anything: a targeted preview with a
 * copy of the stack file. Pools that stand at their applied value are left out. Throws `ContractError`,
 * `PulumiReadError`, `CheckoutError` and `StackBusyError`.
 */
export async function previewStack(
  { place, checkout, engine }: PreviewRequest,
  world: ApplyWorld,
): Promise<PreviewResult> {
  const settings = { ...engine, workDir: checkout.workDir };
  const [own, text, { entry, refusal }] = await Promise.all([
    readOwnContract(engine.stack, settings),
    readStackFileText(checkout),
    // Pull requests of forks get a token that may not read; all pools are previewed then.
    world.forge
      .readLedger(place)
      .then((read) => readTrustedEntry(read, place, world.ledger))
      .catch(() => ({ entry: null, refusal: null })),
    loadAutomation(),
  ]);
  if (refusal !== null) world.say("warning", refusalSentence(refusal));
  for (const finding of own.warnings) world.say("warning", formatFinding(finding));
  const moved: PendingPool[] = [];
  for (const pool of own.contract.values()) {
    const value = readPoolValue(text, { ...pool.location, project: checkout.project });
    const from = entry === null ? null : appliedValue(entry, pool);
    if (value.kind === "refused") world.say("warning", `${pool.name}: ${value.refusal.message}`);
    else if (value.value !== from) moved.push({ pool, from, to: value.value });
  }
  if (moved.length === 0) return resultOf([], null);

  const options = {
    ...settings,
    project: checkout.project,
    message: `pulumiscale preview ${place.alias}`,
  };
  const run = await previewPools(moved, text, options);
  const pools = moved.map(({ pool, from, to }): PreviewedPool => {
    const line = { pool: pool.name, from, to };
    if (to < pool.min || to > pool.max) {
      const message = `outside the pool's range of ${pool.min} to ${pool.max}: it would not be applied`;
      return { ...line, verdict: "out-of-range", message };
    }
    const verdict = judgePool(pool.targetUrns, run);
    if (verdict.kind === "failed" || verdict.kind === "unreached")
      return {
        ...line,
        verdict: "failed",
        message: world.redact(cleanOutput(verdict.message)).slice(0, 2000),
      };
    return { ...line, verdict: verdict.kind === "changed" ? "changes" : "no-effect", message: "" };
  });
  const steps = findUnexpected(run.report);
  return resultOf(pools, steps.length === 0 ? null : world.redact(cleanOutput(formatUnexpected(steps))));
}

function resultOf(pools: PreviewedPool[], unexpected: string | null): PreviewResult {
  const blocks = renderPreview(pools, unexpected);
  return { pools, unexpected, blocks, markdown: blocks.join("\n\n") };
}
