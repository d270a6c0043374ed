import { findPool } from "../domain/pool-history.ts";
import type { ReplyLine } from "../domain/reply.ts";
import { findScalePull } from "./find-scale-pull.ts";
import { type GivenCommand, type Sentence, type ServedStack, say } from "./given-command.ts";

type Approval = Extract<ReplyLine, { kind: "approval" }>;

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
  const { stack, branch, branchName, isGated, commit, scale } = found;
  if (!isGated) return say("🤷 This change is in range: it needs no approval, and merges by itself.");
  const { login } = given.actor;
  const requesters = (commit?.requestedBy ?? "").toLowerCase().split(", ");
  if (requesters.includes(login.toLowerCase()))
    return say("🚫 You asked for this change, so another person has to approve it.");
  const pushedAtMs = await given.readPushTime(branchName, branch.headOid);
  if (pushedAtMs === null)
    return say(
      "🔄 GitHub does not tell when the head of this pull request was pushed, so nobody knows whether you have seen it, and nothing is approved. Write it again in a while, or approve it by a review.",
    );
  // GitHub's times have seconds, and a change may be made anew that fast.
  if (pushedAtMs >= given.nowMs)
    return say(
      "🔄 This pull request was made anew after you wrote that, or in the same second, so nothing is approved. Look at it again, and approve what it says now.",
    );
  const pool =
    scale === undefined ? undefined : findPool(new Map(stack.pools.map((it) => [it.name, it])), scale.pool);
  const what =
    scale === undefined || pool === undefined ? "This change" : `${pool.name} ${scale.from} → ${scale.to}`;
  const { headOid } = branch;
  const text = `👍 ${what} is approved by ${login}, for the commit ${headOid.slice(0, 12)} and no other. It merges once the rest that the repository asks for is there.`;
  return { kind: "approval", alias: stack.name.alias, login, headOid, text };
}
