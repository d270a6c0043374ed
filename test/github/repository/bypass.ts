import { roleOf } from "../auth/permissions.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import type { Protection } from "./protection.ts";

/** Whether a branch's rules do not bind this hand, for a push or for the merge of a pull request. */
export function mayBypass(
  repository: Repository,
  protection: Protection,
  hand: Hand,
  way: "push" | "merge",
): boolean {
  const { app } = hand;
  if (app === null) return !protection.enforceAdmins && roleOf(repository, hand.account.login) === "admin";
  return protection.bypassActors.some(
    (actor) => actor.appId === app.id && (actor.mode === "always" || way === "merge"),
  );
}
