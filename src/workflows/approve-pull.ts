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
  const { stack, branch, isGated, commit, scale } = found;
  if (!isGated) return say("🤷 This change is in range: it needs no approval, and merges by itself.");
  if (branch.committedAtMs > given.nowMs)
    return say(
      "🔄 This pull request was made anew after you wrote that, so nothing is approved. Look at it again, and approve what it says now.",
    );
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
