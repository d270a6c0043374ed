import type { PullStanding } from "../forge/forge.ts";
import { type PullContext, type Settled, type StandingPull, waiting } from "./settled.ts";

/**
 * Leaves a pull request open and says on it, once, what it waits for. `note`: what stands there, where it was read already. What has
 * been merged or closed meanwhile gets no note: that may be why it did not go on.
 */
export async function waitWithNote(
  { forge, place }: PullContext,
  { pull }: StandingPull,
  why: string,
  note?: PullStanding["note"],
): Promise<Settled> {
  if (note?.text === why) return waiting(pull, why);
  const standing = await forge.readStanding(place, pull.number);
  if (!standing.isOpen) return waiting(pull, "it was merged or closed meanwhile");
  await forge.writeNote(place, pull.number, standing.note, why);
  return waiting(pull, why);
}
