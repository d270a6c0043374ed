import type { PullStanding } from "../forge/forge.ts";
import type { ScaleContext } from "./read-situation.ts";
import { type OpenBranch, type Settled, waiting } from "./settled.ts";

/** Leaves a pull request open and says on it, once, what it waits for. `note`: what stands there, where it was read already. */
export async function waitWithNote(
  { forge, place }: ScaleContext,
  { pull }: OpenBranch,
  why: string,
  note?: PullStanding["note"],
): Promise<Settled> {
  const known = note === undefined ? (await forge.readStanding(place, pull.number)).note : note;
  await forge.writeNote(place, pull.number, known, why);
  return waiting(pull, why);
}
