import { roles } from "../auth/permissions.ts";
import type { Account, Role, World } from "../world.ts";
import { renderAccount } from "./account.ts";

/** The `collaborator` of REST; a role of null is one who has none. */
export function renderCollaborator(world: World, account: Account, role: Role | null) {
  const at = (wanted: Role): boolean => role !== null && roles.indexOf(role) >= roles.indexOf(wanted);
  return {
    ...renderAccount(world, account),
    permissions: {
      admin: at("admin"),
      maintain: at("maintain"),
      push: at("write"),
      triage: at("triage"),
      pull: at("read"),
    },
    role_name: role ?? "none",
  };
}
