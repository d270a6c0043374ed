import { readPoolValue } from "../domain/stack-file.ts";
import { previewPools } from "./apply-pools.ts";
import { type ApplyRequest, type ApplyWorld, refusalSentence } from "./apply-stack.ts";
import { readStackFileText } from "./checkout.ts";
import { appliedValue, type PendingPool } from "./pending.ts";
import { judgePool } from "./pool-verdict.ts";
import { formatFinding, readOwnContract } from "./read-contract.ts";
import { renderText } from "./render-receipt.ts";
import { loadAutomation } from "./targeted-update.ts";
import { readTrustedEntry } from "./trusted-entry.ts";
import { findUnexpected, formatUnexpected } from "./unexpected-change.ts";

export type PreviewRequest = Pick<ApplyRequest, "place" | "checkout" | "engine">;

export type PreviewedPool = {
  pool: string;
  /** What the ledger has as applied; null where it has nothing, or cannot be read. */
  from: number | null;
  to: number;
  verdict: "changes" | "no-effect" | "failed" | "out-of-range";
  message: string;
};

export type PreviewResult = { pools: PreviewedPool[]; unexpected: string | null; markdown: string };

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
  if (moved.length === 0)
    return { pools: [], unexpected: null, markdown: "No pool's value differs from what is applied." };

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
      return { ...line, verdict: "failed", message: world.redact(verdict.message).slice(0, 2000) };
    return { ...line, verdict: verdict.kind === "changed" ? "changes" : "no-effect", message: "" };
  });
  const steps = findUnexpected(run.report);
  const unexpected = steps.length === 0 ? null : formatUnexpected(steps);
  return { pools, unexpected, markdown: renderPreview(pools, unexpected) };
}

function renderPreview(pools: readonly PreviewedPool[], unexpected: string | null): string {
  const words = {
    changes: "would be applied",
    "no-effect": "nothing would change",
    failed: "would fail",
    "out-of-range": "out of range",
  } as const satisfies Record<PreviewedPool["verdict"], string>;
  const rows = pools.map(
    ({ pool, from, to, verdict }) => `| ${pool} | ${from ?? "?"} → ${to} | ${words[verdict]} |`,
  );
  const details = pools.flatMap(({ pool, message }) =>
    message === "" ? [] : [`**${pool}**\n\n${renderText(message)}`],
  );
  const table = `| pool | value | preview |\n|---|---|---|\n${rows.join("\n")}`;
  return [table, ...details, ...(unexpected === null ? [] : [unexpected])].join("\n\n");
}
