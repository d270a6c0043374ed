import { renderPull } from "../render/pull-request.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { PullRequest } from "./pull-request.ts";

/** Sends a `pull_request` event. */
export async function announcePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
  action: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  announce(world, repository, hand, "pull_request", action, {
    number: pull.number,
    pull_request: await renderPull(world, repository, pull, null),
    ...more,
  });
}
