import { systemClock } from "../../clock.ts";

const REMEMBERED = 100;
const SAY_AGAIN_AFTER_MS = 60 * 60_000;

/** Leaves out what was said within the hour in the same words: what fails is tried again and again. */
export function onlyNews<T extends string[]>(tell: (...words: T) => void): (...words: T) => void {
  const last = new Map<string, number>();
  return (...words) => {
    const key = JSON.stringify(words);
    const atMs = last.get(key) ?? Number.NEGATIVE_INFINITY;
    const nowMs = systemClock();
    last.delete(key);
    last.set(key, nowMs);
    if (last.size > REMEMBERED) last.delete(last.keys().next().value ?? "");
    if (nowMs - atMs > SAY_AGAIN_AFTER_MS) tell(...words);
  };
}
