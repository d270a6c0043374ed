import type { Account, App, Repository, World } from "../world.ts";

/** In whose name something happens, and whether workflows hear of it. */
export interface Hand {
  readonly account: Account;
  readonly triggersWorkflows: boolean;
  /** The App that acts, for what GitHub signs and marks as its. */
  readonly app: App | null;
}

/** Tells webhooks and workflows what happened. */
export function announce(
  world: World,
  repository: Repository,
  hand: Hand,
  name: string,
  action: string | null,
  payload: Readonly<Record<string, unknown>>,
  onlyApp?: App,
): void {
  world.events.emit("repository", {
    name,
    action,
    repository,
    sender: hand.account,
    triggersWorkflows: hand.triggersWorkflows,
    payload,
    ...(onlyApp === undefined ? {} : { onlyApp }),
  });
}
