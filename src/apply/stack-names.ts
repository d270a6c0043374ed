import { namesInFile } from "../domain/former-aliases.ts";
import type { StackNames } from "../domain/names.ts";
import type { DeployPlace, LedgerRead } from "./apply-forge.ts";
import { repositoryFileOf } from "./trusted-entry.ts";

/** What the stack is called, and was called before, as the repository file says that was read with the ledger. */
export function stackNames(read: LedgerRead, { alias }: Pick<DeployPlace, "alias">): StackNames {
  return namesInFile(repositoryFileOf(read), alias);
}
