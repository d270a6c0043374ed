import type { Contract } from "../domain/contract.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { type EngineOptions, withConfigFile } from "./apply-pools.ts";
import { type Checkout, readStackFileText, stackFileOf, writeStackFileText } from "./checkout.ts";
import { spliceValues } from "./splice-values.ts";

/**
 * Where the configuration of an update comes from.
 * - `work-tree`: the work tree's stack file, with the head's values put into it.
 * - `committed-copy`: a copy of the stack file as the head has it, so that nothing is written into the work tree, and
 *   nothing is applied that stands there uncommitted.
 */
export type UpdateConfig = "work-tree" | "committed-copy";

/** Does the work with a stack file that has the newest head's values. Throws `CheckoutError`. */
export async function withStackFile<T>(
  { config, recordFolder }: Pick<EngineOptions, "recordFolder"> & { config?: UpdateConfig },
  newest: StackFile,
  checkout: Checkout,
  contract: Contract,
  work: (stackFile: EngineOptions["stackFile"]) => Promise<T>,
): Promise<T> {
  if (config !== "committed-copy") return work(await spliceIntoWorkTree(newest, checkout, contract));
  const text = newest.kind === "text" ? newest.text : "";
  return withConfigFile(text, recordFolder, (path) => work({ kind: "copy", path, text }));
}

/** Puts the newest head's values into the work tree: an old run applies, and fully deploys, what the pools are by now. */
export async function spliceIntoWorkTree(
  newest: StackFile,
  checkout: Checkout,
  contract: Contract,
): Promise<EngineOptions["stackFile"]> {
  const text = await readStackFileText(checkout);
  const spliced = spliceValues(text, newest, contract, checkout.project);
  if (spliced !== text) await writeStackFileText(checkout, spliced);
  return { kind: "work-tree", path: stackFileOf(checkout), text: spliced };
}
