import { type Mistake, mistake, quoted } from "./command-mistake.ts";

/** When a pause or a pin is over: a length of time from when it begins, or a point of time; null where somebody has to end it. */
export type Until = { kind: "for"; ms: number } | { kind: "until"; atMs: number } | null;

/** The longest time that one command holds for; without a time it holds until somebody ends it. */
export const MAX_HOLD_DAYS = 90;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_HOLD_MS = MAX_HOLD_DAYS * DAY_MS;

const DURATION = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?$/i;
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;

type ParsedUntil = { kind: "until"; until: Until } | Mistake;

/** Reads `2h`, `30m`, `1d`, `1w`, `1h30m`: from one minute to `MAX_HOLD_DAYS` days. `next` is the word after it, for a better answer. */
export function parseDuration(word: string, next = ""): ParsedUntil {
  const found = DURATION.exec(word);
  if (word === "" || found === null) {
    const unit = /^\d{1,6}$/.test(word) ? /^(?:w|d|h|m(?!o))/i.exec(next)?.[0] : undefined;
    const meant = unit === undefined ? "" : `; did you mean \`for ${word}${unit.toLowerCase()}\`?`;
    return mistake(
      `${quoted(word)} is no duration such as \`30m\`, \`2h\`, \`1h30m\`, \`1d\` or \`1w\`${meant}`,
    );
  }
  const [weeks, days, hours, minutes] = found.slice(1).map((part) => Number(part ?? 0));
  const ms =
    (weeks ?? 0) * 7 * DAY_MS + (days ?? 0) * DAY_MS + (hours ?? 0) * HOUR_MS + (minutes ?? 0) * MINUTE_MS;
  if (ms < MINUTE_MS) return mistake(`${quoted(word)} is no time at all; one minute is the least`);
  if (ms > MAX_HOLD_MS) return tooLong(word);
  return { kind: "until", until: { kind: "for", ms } };
}

/**
 * Reads a date or a date with a time in ISO 8601. Without a zone it is UTC, and a date alone is its first moment.
 * It has to be after `nowMs`, by `MAX_HOLD_DAYS` days at most. `next` is the word after it, for a better answer.
 */
export function parsePointOfTime(word: string, nowMs: number, next = ""): ParsedUntil {
  const atMs = pointOfTime(word);
  if (atMs === null)
    return mistake(`${quoted(word)} is no time such as \`2030-01-31T18:00Z\` or \`2030-01-31T18:00+01:00\``);
  if (/^\d\d:\d\d/.test(next) && !/t/i.test(word) && pointOfTime(`${word}T${next}`) !== null)
    return mistake(
      `the date and the time are one word; did you mean \`until ${word}T${next.toUpperCase()}\`?`,
    );
  if (atMs <= nowMs) {
    const at = new Date(atMs).toISOString();
    return mistake(`${quoted(word)} is over: that is ${at}, and it is ${new Date(nowMs).toISOString()} now`);
  }
  if (atMs - nowMs > MAX_HOLD_MS) return tooLong(word);
  return { kind: "until", until: { kind: "until", atMs } };
}

/** The milliseconds of a point of time; null where the text is none, or the calendar has no such day. */
function pointOfTime(text: string): number | null {
  const found = TIME.exec(text);
  if (found === null) return null;
  const at = (index: number) => Number(found[index] ?? 0);
  const [year, month, day, hour, minute, second] = [at(1), at(2), at(3), at(4), at(5), at(6)];
  if (hour > 23 || minute > 59 || second > 59 || at(9) > 14 || at(10) > 59) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  // A day that the month does not have would be one of the next.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1) return null;
  const zoneMs = at(9) * HOUR_MS + at(10) * MINUTE_MS;
  return found[8] === "-" ? ms + zoneMs : ms - zoneMs;
}

function tooLong(word: string): Mistake {
  return mistake(
    `${quoted(word)} is more than ${MAX_HOLD_DAYS} days away; without a time it holds until somebody resumes it`,
  );
}
