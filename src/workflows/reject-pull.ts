import { cleanLine } from "../domain/clean-text.ts";
import { ownBranches } from "../domain/own-branches.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import type { ScaleContext } from "./read-situation.ts";

export type Rejecting =
  | { kind: "rejected"; pullRequest: number }
  /** The sentence says why nothing was closed. */
  | { kind: "not-open"; message: string };

/**
 * Closes an open scale pull request of the stack at a person's word, says on it who and why, and keeps that with it: the same demand does not
 * ask for it again for a while. Its branch stays, so that it can be opened again. Throws `ForgeError` and `TryAgainError`.
 */
export async function rejectPull(
  context: ScaleContext,
  number: number,
  by: string,
  why: string,
): Promise<Rejecting> {
  const { forge, place } = context;
  context.snapshots.invalidate();
  if (!isOpen(await context.snapshots.get(), number)) {
    const message = `pull request #${number} is no open scale pull request of ${place.alias}`;
    return { kind: "not-open", message };
  }
  const reason = cleanLine(why, 240);
  const sentence = `${cleanLine(by, 80)} has rejected this${reason === "" ? "." : `: ${reason}`}`;
  const next =
    "The same demand does not ask for it again before the pool's cooldown is over, and not within five minutes.";
  await forge.closeKept(place, { number, why: `${sentence}\n\n${next}`, rejectedBy: by });
  context.snapshots.invalidate();
  return { kind: "rejected", pullRequest: number };
}

function isOpen(snapshot: Snapshot, number: number): boolean {
  return ownBranches(snapshot).some(({ pull }) => pull?.number === number);
}
