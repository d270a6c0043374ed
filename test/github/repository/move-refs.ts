import { isAncestor } from "../git/history.ts";
import { listRefs, type RefUpdate, updateRefs } from "../git/refs.ts";
import { followRefs } from "../pulls/follow-refs.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import { formatPushPayload, type RefMove } from "../webhooks/push-payload.ts";
import type { Repository, World } from "../world.ts";
import { requestCheckSuites } from "./check-suites.ts";

/**
 * Moves refs and does what follows from it: webhooks, pull requests, check suites. All or nothing.
 * Runs inside the repository's lock. Throws RefConflictError.
 */
export async function moveRefs(
  world: World,
  repository: Repository,
  updates: readonly RefUpdate[],
  hand: Hand,
): Promise<void> {
  const opensBranch = updates.some(({ before }) => before === null);
  const branchesBefore = opensBranch
    ? await listRefs(repository.git, "refs/heads/")
    : new Map<string, string>();
  await updateRefs(repository.git, updates);
  await followMovedRefs(world, repository, updates, hand, branchesBefore);
}

/** What follows from refs that have moved, by the API or by a git push. */
export async function followMovedRefs(
  world: World,
  repository: Repository,
  updates: readonly RefUpdate[],
  hand: Hand,
  branchesBefore: ReadonlyMap<string, string>,
): Promise<void> {
  const moved = updates.filter((update) => update.before !== update.after);
  if (moved.length === 0) return;
  repository.pushedAt = world.now();
  repository.updatedAt = world.now();
  for (const { ref } of moved) repository.pushers.set(ref.replace(/^refs\/heads\//, ""), hand.account);
  for (const update of moved) await announceMove(world, repository, update, hand, branchesBefore);
  await followRefs(world, repository, moved, hand);
}

function noteActivity(world: World, repository: Repository, move: RefMove, { account }: Hand): void {
  const { ref, before, after, forced } = move;
  const moved = forced ? "force_push" : "push";
  const kind = before === null ? "branch_creation" : after === null ? "branch_deletion" : moved;
  repository.activities.push({
    id: world.nextId(),
    ref,
    before,
    after,
    at: world.now(),
    kind,
    actor: account,
  });
}

async function announceMove(
  world: World,
  repository: Repository,
  update: RefUpdate,
  hand: Hand,
  branchesBefore: ReadonlyMap<string, string>,
): Promise<void> {
  const kind = /^refs\/(heads|tags)\//.exec(update.ref)?.[1];
  if (kind === undefined) return;
  const refType = kind === "heads" ? "branch" : "tag";
  const shortName = update.ref.replace(/^refs\/(heads|tags)\//, "");
  if (update.before === null || update.after === null) {
    announce(world, repository, hand, update.before === null ? "create" : "delete", null, {
      ref: shortName,
      ref_type: refType,
      pusher_type: "user",
      ...(update.before === null
        ? { master_branch: repository.settings.default_branch, description: repository.settings.description }
        : {}),
    });
  }
  const forced =
    update.before !== null &&
    update.after !== null &&
    !(await isAncestor(repository.git, update.before, update.after));
  const move: RefMove = { ref: update.ref, before: update.before, after: update.after, forced };
  const others = [...branchesBefore].filter(([ref]) => ref !== update.ref).map(([, oid]) => oid);
  const payload = await formatPushPayload(world, repository, move, hand.account, others);
  if (kind === "heads") noteActivity(world, repository, move, hand);
  announce(world, repository, hand, "push", null, payload);
  world.events.emit("push", {
    repository,
    ref: update.ref,
    before: update.before,
    after: update.after,
    pusher: hand.account,
    triggersWorkflows: hand.triggersWorkflows,
  });
  if (kind === "heads" && update.after !== null) {
    await requestCheckSuites(
      world,
      repository,
      { branch: shortName, before: update.before, after: update.after },
      hand,
    );
  }
}
