/** Names that are longer are nobody's typo; this bounds the work too. */
const MAX_LENGTH = 200;

/**
 * The words that somebody may have meant by a text, best first, at most `most`: those that begin with it (two letters or more), and
 * those that are a few slips away (a letter too many, too few, wrong, or two swapped), and hardly more than the best is. Case does
 * not count. Empty where none is near.
 */
export function suggest<Word extends string>(text: string, words: readonly Word[], most = 1): Word[] {
  const wanted = text.slice(0, MAX_LENGTH).toLowerCase();
  if (wanted === "") return [];
  const near = words.flatMap((word) => {
    const slips = slipsTo(wanted, word.slice(0, MAX_LENGTH).toLowerCase());
    return slips === null ? [] : [{ word, slips }];
  });
  const fewest = Math.min(...near.map(({ slips }) => slips));
  return near
    .filter(({ slips }) => slips <= fewest + 1)
    .toSorted((a, b) => a.slips - b.slips)
    .slice(0, most)
    .map(({ word }) => word);
}

/** How far a word is from what was written; null where it is too far to be meant. */
function slipsTo(wanted: string, word: string): number | null {
  if (wanted.length >= 2 && word.startsWith(wanted)) return wanted === word ? 0 : 0.5;
  // One slip in three letters, but never all of them.
  const allowed = Math.min(Math.ceil(wanted.length / 3), Math.max(wanted.length, word.length) - 1, 4);
  if (Math.abs(wanted.length - word.length) > allowed) return null;
  const slips = editDistance(wanted, word);
  return slips <= allowed ? slips : null;
}

/** How many single slips make one text of the other; two neighbours that are swapped are one slip. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = next;
  }
  return last[to.length] ?? 0;
}
