import { roleOf } from "../auth/permissions.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import type { BypassActor, Protection } from "./protection.ts";

/** Whether a branch's rules do not bind this hand, for a push or for the merge of a pull request. */
export function mayBypass(
  repository: Repository,
  protection: Protection,
  hand: Hand,
  way: "push" | "merge",
): boolean {
  const { login } = hand.account;
  if (hand.app === null && !protection.enforceAdmins && roleOf(repository, login) === "admin") return true;
  return protection.bypassActors.some(
    (actor) => isActor(repository, actor, hand) && (actor.mode === "always" || way === "merge"),
  );
}

/** Whether a hand is one of those whom an entry of a bypass list names. */
export function isActor(
  repository: Repository,
  actor: BypassActor,
  { account, app }: Pick<Hand, "account" | "app">,
): boolean {
  if ("appId" in actor) return actor.appId === app?.id;
  if (app !== null) return false;
  const login = account.login.toLowerCase();
  if ("login" in actor) return actor.login.toLowerCase() === login;
  return repository.owner.organization?.teams.get(actor.team)?.members.has(login) === true;
}
