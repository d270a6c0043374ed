import type { ReplyLine } from "../domain/reply.ts";
import { scaleAlias } from "../forge/forge.ts";
import { allowed, type GivenCommand, NOWHERE, type Sentence, say } from "./given-command.ts";
import type { FoundPlan } from "./read-plan.ts";

type Approval = Extract<ReplyLine, { kind: "approval" }>;

/** Notes a person's approval of exactly the head of the plan that the command was written on; null where it is on none. */
export async function approvePlan(given: GivenCommand): Promise<Sentence | Omit<Approval, "command"> | null> {
  const found = await findPlan(given);
  if (found === null || found.kind === "said") return found;
  const { login } = given.actor;
  const origin = await found.readOrigin();
  const requesters = origin?.requesters ?? [found.subject.author];
  if (requesters.some((asker) => asker.toLowerCase() === login.toLowerCase()))
    return say("🚫 You asked for this plan, or have pushed to it, so another person has to approve it.");
  if (origin === null)
    return say(
      "🔄 GitHub does not tell when the head of this pull request was pushed, or which persons have pushed to its branch, so nobody knows whether you have seen it, or have asked for it, and nothing is approved. Write it again in a while; where that does not help, delete the branch and plan again.",
    );
  const { headAtMs } = origin;
  if (headAtMs === null)
    return say(
      "🔄 GitHub does not tell when the head of this pull request was pushed, so nobody knows whether you have seen it, and nothing is approved. Write it again in a while, or approve it by a review.",
    );
  // GitHub's times have seconds, and whoever waits for an approval could be that fast. A commit's own times are what its writer says.
  if (headAtMs >= given.nowMs)
    return say(
      "🔄 Somebody has pushed to this pull request since you wrote that, or in the same second, so nothing is approved. Look at it again, and approve what it holds now.",
    );
  const { headOid } = found.subject;
  const text = `👍 The plan of ${found.verdict.target} is approved by ${login}, for the commit ${headOid.slice(0, 12)} and no other. It merges once the rest that the repository asks for is there.`;
  return { kind: "approval", alias: null, login, headOid, text };
}

/** Closes the plan's pull request that the command was written on; null where it is on none. */
export async function rejectPlan(given: GivenCommand, why: string): Promise<Sentence | null> {
  const found = await findPlan(given);
  if (found === null || found.kind === "said") return found;
  await given.plans.reject(given, given.issue, given.actor.login, why);
  return say("🚫 Closed. Its branch stays, so that it can be opened again.");
}

async function findPlan(given: GivenCommand): Promise<FoundPlan | Sentence | null> {
  const pull = await given.readPull();
  if (pull === null || !pull.isOpen || scaleAlias(pull.branch) !== null) return null;
  const found = await given.plans.find(given, given.issue);
  if (found.kind === "none") return null;
  const denied = allowed(given, NOWHERE);
  if (denied !== null) return denied;
  return found.kind === "plan" ? found : say(`❓ This is no plan that PulumiScale merges: ${found.message}.`);
}
