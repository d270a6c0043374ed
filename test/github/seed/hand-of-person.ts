import type { Hand } from "../webhooks/announce.ts";
import type { World } from "../world.ts";
import { requireAccount } from "./require-repository.ts";

/** Someone who acts by themselves, through no App. */
export function handOfPerson(world: World, login: string): Hand {
  return { account: requireAccount(world, login), app: null, triggersWorkflows: true };
}
