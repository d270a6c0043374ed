import { editPoolValues, type PoolLocation } from "../domain/stack-file.ts";
import { valueIn } from "./value-in.ts";

/** A value that follows the branch, wherever one of the values from before still stands. */
export type Move = { location: PoolLocation; from: readonly number[]; to: number };

/** Moves values inside a text; null where it holds none of the values from before. */
export function moveValues(text: string, moves: readonly Move[]): string | null {
  const due = moves.filter(({ location, from }) => {
    const value = valueIn(text, location);
    return value !== null && from.includes(value);
  });
  if (due.length === 0) return null;
  const edits = due.map(({ location, to }) => ({ location, value: to }));
  const edited = editPoolValues(text, edits);
  return edited.kind === "edited" ? edited.text : null;
}
