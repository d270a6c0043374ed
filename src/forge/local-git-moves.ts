import { editPoolValues, type PoolLocation, readPoolValue } from "../domain/stack-file.ts";

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

/** A pool's value in a text; null where it has none that can be used. */
export function valueIn(text: string, location: PoolLocation): number | null {
  const read = readPoolValue(text, location);
  return read.kind === "value" ? read.value : null;
}
