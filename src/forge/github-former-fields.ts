import type { StackPlace } from "./forge.ts";

/** So many former names of a stack are looked at for pauses, pins and what was said "no" to. */
const MOST_FORMER = 10;

/** What a snapshot asks of a former name: variables and fields of these names, for its controls and its closed pull requests. */
export type FormerFields = { alias: string; controls: string; closed: string };

/** The fields for each former name of a stack. */
export function formerFields({ formerAliases = [] }: Pick<StackPlace, "formerAliases">): FormerFields[] {
  return formerAliases
    .slice(0, MOST_FORMER)
    .map((alias, index) => ({ alias, controls: `former${index}`, closed: `closedFormer${index}` }));
}
