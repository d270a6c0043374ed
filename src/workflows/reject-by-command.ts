import { findScalePull } from "./find-scale-pull.ts";
import { type GivenCommand, type Sentence, type ServedStack, say } from "./given-command.ts";
import { rejectPull } from "./reject-pull.ts";

/** Closes the scale pull request that the command was written on. Throws `ForgeError` and `TryAgainError`. */
export async function rejectByCommand(
  given: GivenCommand,
  why: string,
  served: readonly ServedStack[],
): Promise<Sentence> {
  const found = await findScalePull(given, served);
  if (found.kind === "said") return found;
  const rejected = await rejectPull(found.stack.context, given.issue, given.actor.login, why);
  return rejected.kind === "rejected"
    ? say("🚫 Closed. The same demand does not open it again before the pool's cooldown is over.")
    : say(`🤷 Nothing was closed: ${rejected.message}.`);
}
