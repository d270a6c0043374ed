import { z } from "zod";
import { cleanLine } from "./clean-text.ts";
import { Alias, PoolName } from "./names.ts";
import { formatTrailers, parseTrailers, type Trailer } from "./trailers.ts";

/** One pool's part of a scale commit. */
export type Scale = {
  pool: string;
  from: number;
  to: number;
  /** What was asked for, before the guardrails. */
  requested: number;
  /** Reason codes, in the order in which the guardrails gave them. */
  reasons: string[];
  source: string;
  /** The identity of the event that asked: 16 hex digits. */
  event: string;
};

/** A commit that changes pool values and nothing else. */
export type ScaleCommit = {
  alias: string;
  scales: [Scale, ...Scale[]];
  requestedBy: string;
  approvedBy?: string;
};

/** The subject line: `scale(shop.prod): web 3 → 5`, or `scale(shop.prod): 3 pools`. */
export function formatSubject(commit: ScaleCommit, prefix = "scale"): string {
  const [first, ...others] = commit.scales;
  const what =
    others.length === 0 ? `${first.pool} ${first.from} → ${first.to}` : `${commit.scales.length} pools`;
  return `${prefix}(${commit.alias}): ${what}`;
}

/** The trailers that say to a machine what the commit does. */
export function formatScaleTrailers(commit: ScaleCommit): string {
  const trailers: Trailer[] = [{ key: "Stack", value: commit.alias }];
  for (const scale of commit.scales) {
    const facts = `requested=${scale.requested} reason=${scale.reasons.join(",")} source=${scale.source} event=${scale.event}`;
    trailers.push({ key: "Scale", value: `${scale.pool} ${scale.from} -> ${scale.to} ${facts}` });
  }
  trailers.push({ key: "Requested-By", value: cleanLine(commit.requestedBy, 160) });
  if (commit.approvedBy !== undefined)
    trailers.push({ key: "Approved-By", value: cleanLine(commit.approvedBy, 80) });
  return formatTrailers(trailers);
}

/** The whole message: subject, what a person reads, trailers. `prose` is ours, text from outside in it is cleaned. */
export function formatMessage(
  commit: ScaleCommit,
  prose: string,
  prefix = "scale",
): { headline: string; body: string } {
  return {
    headline: formatSubject(commit, prefix),
    body: `${prose.trim()}\n\n${formatScaleTrailers(commit)}`,
  };
}

/** A stack file may hold any safe integer, and the next decision pulls it inside: what is written must be read back. */
const Integer = /^-?\d{1,16}$/;
const ScaleLine = z
  .string()
  .max(600)
  .regex(/^(\S+) (-?\d{1,16}) -> (-?\d{1,16})((?: [a-z]+=\S*)*)$/);

/**
 * Reads a scale commit (or the body of a scale pull request) back. Undefined for any other message; lines that do not
 * parse are left out: anyone can write a commit message.
 */
export function parseScaleCommit(message: string): ScaleCommit | undefined {
  const trailers = parseTrailers(message);
  const alias = Alias.safeParse(trailers.find((trailer) => trailer.key === "Stack")?.value);
  if (!alias.success) return undefined;
  const [first, ...others] = trailers
    .filter((trailer) => trailer.key === "Scale")
    .flatMap(({ value }) => parseScale(value));
  if (first === undefined) return undefined;
  const approvedBy = trailers.find((trailer) => trailer.key === "Approved-By")?.value;
  return {
    alias: alias.data,
    scales: [first, ...others],
    requestedBy: trailers.find((trailer) => trailer.key === "Requested-By")?.value ?? "",
    ...(approvedBy === undefined ? {} : { approvedBy }),
  };
}

const SUBJECT =
  /^[A-Za-z][A-Za-z0-9-]{0,19}\(([A-Za-z0-9._-]{1,100})\): ([A-Za-z][A-Za-z0-9_-]{0,62}) (-?\d{1,16}) → (-?\d{1,16})(?: \(#\d{1,10}\))?$/;

/**
 * What a subject of ours says of one pool: all that is left where a repository's squashes leave the message out. Where trailers of ours
 * are left, what they do not say was not ours: an update of ours takes along what a person has edited.
 */
export function parseSubject(
  message: string,
): (Pick<Scale, "pool" | "from" | "to"> & { alias: string }) | undefined {
  const [subject = ""] = message.split(/[\r\n]/, 1);
  const [, alias, pool, from, to] = SUBJECT.exec(subject) ?? [];
  if (alias === undefined || pool === undefined || parseTrailers(message).length > 0) return undefined;
  return { alias, pool, from: Number(from), to: Number(to) };
}

function parseScale(line: string): Scale[] {
  const parsed = ScaleLine.safeParse(line);
  if (!parsed.success) return [];
  const [pool = "", from = "", , to = "", ...pairs] = parsed.data.split(" ");
  if (!PoolName.safeParse(pool).success) return [];
  const facts = new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const requested = facts.get("requested") ?? to;
  const event = facts.get("event") ?? "";
  if (!Integer.test(requested) || !/^[0-9a-f]{16}$/.test(event)) return [];
  return [
    {
      pool,
      from: Number(from),
      to: Number(to),
      requested: Number(requested),
      reasons: (facts.get("reason") ?? "").split(",").filter((code) => code !== ""),
      source: facts.get("source") ?? "",
      event,
    },
  ];
}
