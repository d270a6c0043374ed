import { posix } from "node:path";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { DeployPlace } from "./apply-forge.ts";

/**
 * Where the file of a stack stood that was at another place, as an entry of then says: as far from its program's folder as this stack's file
 * is, with the same extension. Never outside of the repository.
 */
export function formerStackFile(
  { dir, stack }: Pick<LedgerEntry, "dir" | "stack">,
  place: Pick<DeployPlace, "dir" | "stackFilePath">,
): string {
  const folder = posix.relative(place.dir, posix.dirname(place.stackFilePath));
  const path = posix.join(dir, folder, `Pulumi.${stack}${posix.extname(place.stackFilePath)}`);
  const parts = path.split("/");
  return parts.slice(parts.findIndex((part) => part !== "..")).join("/");
}
