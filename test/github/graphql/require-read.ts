import { requireAccess } from "../auth/permissions.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";

/** Throws unless the caller may read this part of the repository. */
export function requireRead(context: GraphqlContext, repository: Repository, permission: string): void {
  requireAccess(context.caller, repository, { anyOf: [[permission, "read"]], role: "read" });
}
