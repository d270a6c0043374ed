import { findPool } from "../domain/pool-history.ts";
import type { ReplyLine } from "../domain/reply.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { ScaleBranch } from "../domain/snapshot.ts";
import type { CommentedPull } from "../forge/comment-forge.ts";
import { scaleAlias } from "../forge/forge.ts";
import { allowed, type GivenCommand, type Sentence, say } from "./given-command.ts";
import type { ServedStack } from "./stack-directory.ts";

type Approval = Extract<ReplyLine, { kind: "approval" }>;

/** Our own open scale pull request that a command was written on. */
export type ScalePull = {
  kind: "pull";
  stack: ServedStack;
  branch: ScaleBranch;
  pull: CommentedPull;
  isGated: boolean;
};

/** Finds the scale pull request that a command was written on, or says why it is none. */
export async function findScalePull(
  given: GivenCommand,
  served: readonly ServedStack[],
): Promise<ScalePull | Sentence> {
  const pull = await given.readPull();
  const alias = pull === null ? null : scaleAlias(pull.branch);
  const stack = served.find(({ name }) => name.alias === alias);
  const none = () =>
    allowed(given, { alias, change: null }) ??
    say("❓ This command is for an open scale pull request of PulumiScale; write it there.");
  if (pull === null || stack === undefined || !pull.isOpen) return none();
  stack.context.snapshots.invalidate();
  const snapshot = await stack.context.snapshots.get();
  const isMeant = (branch: ScaleBranch | null) => branch?.pull?.number === given.issue;
  const gated = [...snapshot.gated.values()].find(isMeant);
  const branch = gated ?? (isMeant(snapshot.inRange) ? snapshot.inRange : null);
  // A pull request of somebody else's on a branch of our name is none of ours.
  if (branch === null) return none();
  return { kind: "pull", stack, branch, pull, isGated: gated !== undefined };
}

/**
 * Notes a person's approval of exactly the head that stands there now. What merges it is the same as after a review: the settling of
 * the pull request, which asks once more who may.
 */
export async function approvePull(
  given: GivenCommand,
  served: readonly ServedStack[],
): Promise<Sentence | Omit<Approval, "command">> {
  const found = await findScalePull(given, served);
  if (found.kind === "said") return found;
  const { stack, branch, isGated } = found;
  const commit = parseScaleCommit(branch.headMessage);
  const [scale] = commit?.scales ?? [];
  const change = scale === undefined ? null : { from: scale.from, to: scale.to };
  const denied = allowed(given, { alias: stack.name.alias, change });
  if (denied !== null) return denied;
  if (!isGated) return say("🤷 This change is in range: it needs no approval, and merges by itself.");
  const { login } = given.actor;
  const requesters = (commit?.requestedBy ?? "").toLowerCase().split(", ");
  if (requesters.includes(login.toLowerCase()))
    return say("🚫 You asked for this change, so another person has to approve it.");
  const pool =
    scale === undefined ? undefined : findPool(new Map(stack.pools.map((it) => [it.name, it])), scale.pool);
  const what =
    scale === undefined || pool === undefined ? "This change" : `${pool.name} ${scale.from} → ${scale.to}`;
  const { headOid } = branch;
  const text = `👍 ${what} is approved by ${login}, for the commit ${headOid.slice(0, 12)} and no other. It merges once the rest that the repository asks for is there.`;
  return { kind: "approval", alias: stack.name.alias, login, headOid, text };
}
