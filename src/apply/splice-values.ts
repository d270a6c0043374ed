import type { Contract } from "../domain/contract.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { editPoolValue, readPoolValue } from "../domain/stack-file.ts";

/**
 * The text of a stack file with the pools' values of another version of it. A pool without a usable value in either is
 * left as it is. So an old run applies, and fully deploys, what the pools are by now.
 */
export function spliceValues(text: string, newest: StackFile, contract: Contract, project: string): string {
  if (newest.kind !== "text") return text;
  let spliced = text;
  for (const pool of contract.values()) {
    const location = { ...pool.location, project };
    const read = readPoolValue(newest.text, location);
    if (read.kind === "refused") continue;
    const edited = editPoolValue(spliced, location, read.value);
    if (edited.kind === "edited") spliced = edited.text;
  }
  return spliced;
}
