import { readCommit } from "../git/git-repository.ts";
import { renderSimpleCommit } from "../render/commit.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Account, Repository, World } from "../world.ts";
import type { MergeGroup } from "./pull-request.ts";

/** Sends a `merge_group` event. */
export async function announceMergeGroup(
  world: World,
  repository: Repository,
  group: MergeGroup,
  action: "checks_requested" | "destroyed",
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const commit = await readCommit(repository.git, group.headOid);
  if (commit === null) throw new Error(`The merge group's commit ${group.headOid} is missing.`);
  announce(world, repository, queueHand(world), "merge_group", action, {
    merge_group: {
      head_sha: group.headOid,
      head_ref: group.ref,
      base_sha: group.baseOid,
      base_ref: group.baseRef,
      head_commit: renderSimpleCommit(commit),
    },
    ...more,
  });
}

/** The queue acts as a bot of its own. */
export function queueHand(world: World): Hand {
  return { account: queueBot(world), app: null, triggersWorkflows: true };
}

const queueLogin = "github-merge-queue[bot]";

function queueBot(world: World): Account {
  const known = world.accounts.get(queueLogin);
  if (known !== undefined) return known;
  const bot: Account = {
    kind: "Bot",
    id: 118344674,
    login: queueLogin,
    name: queueLogin,
    email: "",
    createdAt: world.now(),
    organization: null,
  };
  world.accounts.set(queueLogin, bot);
  return bot;
}
