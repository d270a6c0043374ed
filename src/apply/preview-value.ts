import type { Contract } from "../domain/contract.ts";
import { findPool } from "../domain/pool-history.ts";
import { editPoolValue } from "../domain/stack-file.ts";
import { previewPools } from "./apply-pools.ts";
import type { ApplyRequest, ApplyWorld } from "./apply-stack.ts";
import type { ResourceStep } from "./engine-events.ts";
import { isChange, judgePool } from "./pool-verdict.ts";

/** What Pulumi says that a value would do. Texts are without the secrets that are known. */
export type PreviewedValue = {
  verdict: "changes" | "no-effect" | "failed";
  steps: ResourceStep[];
  message: string;
};

/**
 * Previews one pool's value against the backend with a copy of the committed stack file: nothing moves, on the disk or there, and
 * an update that runs meanwhile is not disturbed. Throws `ForgeError`, `PulumiMissingError` and `StackBusyError`.
 */
export async function previewValue(
  { pool: name, to }: { pool: string; to: number },
  contract: Contract,
  { place, checkout, engine }: Pick<ApplyRequest, "place" | "checkout" | "engine">,
  world: Pick<ApplyWorld, "forge" | "redact">,
): Promise<PreviewedValue> {
  const { head } = await world.forge.readHead(place, []);
  const pool = findPool(contract, name);
  if (pool === undefined || head.stackFile.kind !== "text")
    return failed("the pool, or its stack file, is not there any more");
  const edited = editPoolValue(head.stackFile.text, { ...pool.location, project: checkout.project }, to);
  if (edited.kind === "refused") return failed(edited.refusal.message);
  const run = await previewPools([{ pool, from: edited.from, to }], edited.text, {
    ...engine,
    workDir: checkout.workDir,
    project: checkout.project,
    message: `pulumiscale dry run ${place.alias}`,
  });
  const verdict = judgePool(pool.targetUrns, run);
  const steps = run.report.planned.filter(({ op }) => isChange(op));
  if (verdict.kind === "changed") return { verdict: "changes", steps, message: "" };
  if (verdict.kind === "unchanged") return { verdict: "no-effect", steps, message: "" };
  return { verdict: "failed", steps, message: world.redact(verdict.message).slice(0, 2000) };
}

function failed(message: string): PreviewedValue {
  return { verdict: "failed", steps: [], message };
}
