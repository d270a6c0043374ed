import { approvalOf, type Review } from "./approval.ts";
import { cleanLine } from "./clean-text.ts";
import type { Contract, Pool } from "./contract.ts";
import { approvalNeeded } from "./guardrails.ts";
import { approvalRules, type StackPolicy } from "./repository-file.ts";
import type { StackFile } from "./snapshot.ts";
import { readPoolValue } from "./stack-file.ts";
import type { StackFileRefusal } from "./stack-file-refusal.ts";

/** A stack whose file a change touches. */
export type GuardedStack =
  | {
      kind: "known";
      alias: string;
      project: string;
      contract: Contract;
      policy: StackPolicy;
      /** The file where the change branched off: what differs from it is the change's own doing. */
      before: StackFile;
      /** At the base branch's head: what the change would take the place of. */
      base: StackFile;
      /** At the head that is judged. */
      after: StackFile;
    }
  /** Its rules cannot be read: the sentence says why and what to do. */
  | { kind: "unknown"; alias: string; message: string };

/** All that the guard knows of a change: a pull request's head, or a merge group's. */
export type GuardedChange = {
  /** The head that an approval has to be of: the pull request's. */
  headOid: string;
  stacks: readonly GuardedStack[];
  reviews: readonly Review[];
  /** Logins of those who asked for the change; none of them approves it. */
  requesters: readonly string[];
  /** Why it is not known who asked for it, so that nobody's approval counts; null where it is known. */
  doubt: string | null;
};

export type GuardVerdict = {
  kind: "success" | "waiting" | "failure";
  /** Whether a pool's value is touched: then the verdict may change with the base, the contract or a review. */
  touches: "pools" | "nothing";
  /** One sentence of at most 80 characters. */
  title: string;
  /** Markdown; text from outside in it is cleaned. */
  summary: string;
};

type Row = {
  kind: GuardVerdict["kind"];
  alias: string;
  pool: string;
  from: string;
  to: string;
  limits: string;
  /** What is said in the table. */
  why: string;
  /** What is said in the title. */
  short: string;
  /** What somebody has to do; null where nothing. */
  next: string | null;
};

export const NO_POOL_TOUCHED: GuardVerdict = {
  kind: "success",
  touches: "nothing",
  title: "No pool's value is touched",
  summary: "This change leaves the value of every pool as it is.",
};

/** Judges a change of stack files by each touched pool's contract. Pure. A failure outweighs a wait, a wait a success. */
export function judgeGuard(change: GuardedChange): GuardVerdict {
  const rows = change.stacks.flatMap((stack) =>
    stack.kind === "unknown"
      ? [unknownRow(stack)]
      : [...stack.contract.values()].flatMap((pool) => judgePool(stack, pool, change) ?? []),
  );
  const [first] = rows;
  if (first === undefined) return NO_POOL_TOUCHED;
  const kind = worst(rows);
  return {
    kind,
    touches: "pools",
    title: cleanLine(titleOf(rows, kind), 80),
    summary: renderSummary(rows),
  };
}

type KnownStack = Extract<GuardedStack, { kind: "known" }>;

/** Null where the change leaves the pool's value as it is. */
function judgePool(stack: KnownStack, pool: Pool, change: GuardedChange): Row | null {
  const before = readIn(stack.before, stack, pool);
  const after = readIn(stack.after, stack, pool);
  if (
    before.kind === after.kind &&
    (before.kind === "value" ? isSame(before, after) : isSameRefusal(before, after))
  )
    return null;
  const base = readIn(stack.base, stack, pool);
  const current = base.kind === "value" ? base : before;
  const from = current.kind === "value" ? current.value : null;
  const row = (kind: Row["kind"], to: string, why: string, short: string, next: string | null): Row => ({
    kind,
    alias: stack.alias,
    pool: pool.name,
    from: from === null ? "none" : String(from),
    to,
    limits: `${pool.min} to ${pool.max}`,
    why,
    short: `${pool.name} ${short}`,
    next,
  });
  if (after.kind === "refused") {
    if (!isGone(after.refusal)) {
      const why = cleanLine(after.refusal.message, 240);
      return row("failure", "unusable", why, "would hold no usable integer", "Write a plain integer there.");
    }
    // Without a value there is nothing to hold against the threshold, so whoever set one is asked.
    if (approvalRules(stack.policy, pool).length === 0)
      return row(
        "success",
        "removed",
        "the value is removed; the pool is not scaled without one",
        "is removed",
        null,
      );
    return gated(
      row,
      "removed",
      "the value is removed, which no threshold can measure",
      "without a value",
      change,
    );
  }
  const { value: to } = after;
  const move = `${from ?? "none"} → ${to}`;
  if (to < pool.min || to > pool.max) {
    const why = `${to} is ${to > pool.max ? `above max ${pool.max}` : `below min ${pool.min}`}`;
    const next = `Choose a value from ${pool.min} to ${pool.max} for \`${pool.name}\`, or change its limits in the Pulumi program and publish them first.`;
    return row("failure", String(to), why, `${move} is outside ${pool.min} to ${pool.max}`, next);
  }
  // A pool that had no value rises from the least that it may have.
  const over = approvalNeeded(approvalRules(stack.policy, pool), pool, from ?? pool.min, to);
  if (over === null)
    return row("success", String(to), "within its limits", `${move} is within its limits`, null);
  return gated(row, String(to), over, move, change);
}

function gated(
  row: (kind: Row["kind"], to: string, why: string, short: string, next: string | null) => Row,
  to: string,
  over: string,
  short: string,
  { reviews, headOid, requesters, doubt }: GuardedChange,
): Row {
  const standing =
    doubt === null
      ? approvalOf(reviews, headOid, requesters)
      : ({ kind: "missing", message: doubt } as const);
  if (standing.kind === "approved") {
    const by = cleanLine(standing.by, 40);
    return row("success", to, `${over}; ${by} approved it`, `${short}, approved by ${by}`, null);
  }
  const others = requesters.map((login) => cleanLine(login, 40)).filter((login) => login !== "");
  const than = others.length === 0 ? "" : `, other than ${[...new Set(others)].slice(0, 10).join(", ")},`;
  const next = `Someone with write access${than} approves this head, ${headOid.slice(0, 7)}.`;
  const why = `${over}; ${cleanLine(standing.message, 240)}`;
  return row("waiting", to, why, `${short} waits for an approval`, next);
}

function unknownRow({ alias, message }: { alias: string; message: string }): Row {
  const why = cleanLine(message, 240);
  return {
    kind: "waiting",
    alias,
    pool: "",
    from: "?",
    to: "?",
    limits: "?",
    why,
    short: `The rules of ${alias} cannot be read`,
    next: `The rules of \`${alias}\` have to be readable first: ${why}. Then this check goes on by itself.`,
  };
}

type Read = { kind: "value"; value: number } | { kind: "refused"; refusal: StackFileRefusal };

function readIn(file: StackFile, { project }: KnownStack, pool: Pool): Read {
  if (file.kind === "text") return readPoolValue(file.text, { ...pool.location, project });
  const code = file.kind === "missing" ? "missing-key" : "not-utf8";
  const message = file.kind === "missing" ? "the stack file is not there" : file.message;
  return { kind: "refused", refusal: { code, message } };
}

function isSame(a: Read, b: Read): boolean {
  return a.kind === "value" && b.kind === "value" && a.value === b.value;
}

/** What could not be used before and cannot after is no pool that anything scales. */
function isSameRefusal(a: Read, b: Read): boolean {
  return a.kind === "refused" && b.kind === "refused" && a.refusal.code === b.refusal.code;
}

function isGone({ code }: StackFileRefusal): boolean {
  return code === "missing-key";
}

function worst(rows: readonly Row[]): GuardVerdict["kind"] {
  return (["failure", "waiting"] as const).find((kind) => rows.some((row) => row.kind === kind)) ?? "success";
}

function titleOf(rows: readonly Row[], kind: GuardVerdict["kind"]): string {
  const telling = rows.filter((row) => row.kind === kind);
  const [first] = telling;
  if (telling.length === 1 && first !== undefined) return first.short;
  const pools = `${telling.length} pools`;
  if (kind === "failure") return `${pools} would have values that are not allowed`;
  return kind === "waiting"
    ? `${pools} wait for an approval`
    : `${pools}, each within its limits or approved`;
}

const SIGN = { success: "✅", waiting: "⏳", failure: "❌" } as const;
/** A hundred pools are a table that a person still reads; GitHub takes 65,535 characters in all. */
const MOST_ROWS = 100;

function renderSummary(rows: readonly Row[]): string {
  const lines = rows
    .slice(0, MOST_ROWS)
    .map(
      ({ kind, alias, pool, from, to, limits, why }) =>
        `| \`${alias}\` | ${pool === "" ? "?" : `\`${pool}\``} | ${from} | ${to} | ${limits} | ${SIGN[kind]} ${why} |`,
    );
  const more = rows.length > MOST_ROWS ? [`\nAnd ${rows.length - MOST_ROWS} more.`] : [];
  const steps = [...new Set(rows.flatMap(({ next }) => next ?? []))].slice(0, 20).map((step) => `- ${step}`);
  const next = steps.length === 0 ? [] : ["", "**What to do next**", "", ...steps];
  return [
    "| stack | pool | from | to | limits | verdict |",
    "|---|---|---|---|---|---|",
    ...lines,
    ...more,
    ...next,
  ].join("\n");
}
