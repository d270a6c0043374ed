import type { Contract, Pool } from "../domain/contract.ts";
import type { Decision } from "../domain/decision.ts";
import type { StackNames } from "../domain/names.ts";
import { findPool } from "../domain/pool-history.ts";
import { parseScaleCommit, type Scale, type ScaleCommit } from "../domain/scale-commit.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { editPoolValues, type PoolValueEdit, readPoolValue } from "../domain/stack-file.ts";
import { findWords, type SaidBefore, type ScaleWords } from "./scale-words.ts";

export type ScaleDecision = Extract<Decision, { kind: "scale" }>;

/** A scale commit about to be made: the file's new text and what the message will say. */
export type PreparedScale = {
  text: string;
  edits: readonly PoolValueEdit[];
  commit: ScaleCommit;
  /** The pools that it moves, by name. */
  pools: ReadonlyMap<string, Pool>;
  /** What was said of the moves that were asked for before, by pool, as far as git still has it. */
  words: ReadonlyMap<string, ScaleWords>;
};

export type ScalePreparation =
  | { kind: "prepared"; scale: PreparedScale }
  | { kind: "unusable"; message: string };

/** The stack as far as a scale of it needs it. */
export type StackToScale = StackNames & { project: string; contract: Contract };

/** Moves that were asked for before and still hold, and who asked. */
export type Carried = { scales: readonly Scale[]; requestedBy: string };

const NOTHING: Carried = { scales: [], requestedBy: "" };

/**
 * Turns decisions of one stack into one scale commit. `carried` are moves that the commit must hold as well: those of the open
 * pull request that it replaces.
 */
export function prepareScale(
  snapshot: SaidBefore & Pick<Snapshot, "file">,
  stack: StackToScale,
  decisions: readonly ScaleDecision[],
  carried: Carried = NOTHING,
): ScalePreparation {
  if (snapshot.file.kind !== "text") return { kind: "unusable", message: "the stack file cannot be read" };
  const kept = carried.scales.map(cleanScale);
  const [first, ...others] = [...decisions.map(scaleOf), ...kept];
  if (first === undefined) return { kind: "unusable", message: "there is nothing to change" };
  const scales: [Scale, ...Scale[]] = [first, ...others];
  const pools = new Map<string, Pool>();
  const edits = scales.flatMap(({ pool: name, to }) => {
    const pool = findPool(stack.contract, name);
    if (pool === undefined) return [];
    pools.set(name, pool);
    return [{ location: { ...pool.location, project: stack.project }, value: to }];
  });
  const edited = editPoolValues(snapshot.file.text, edits);
  if (edited.kind === "refused") return { kind: "unusable", message: edited.refusal.message };
  const requesters = [...new Set(decisions.map(({ intent }) => intent.requestedBy))];
  const requestedBy = requesters.join(", ") || carried.requestedBy;
  const commit = { alias: stack.alias, scales, requestedBy };
  const words = new Map(
    kept.flatMap((scale): [string, ScaleWords][] => {
      const found = findWords(snapshot, stack, scale);
      return found === undefined ? [] : [[scale.pool, found]];
    }),
  );
  return { kind: "prepared", scale: { text: edited.text, edits, commit, pools, words } };
}

/** The moves of the open in-range pull request that still hold and that these decisions do not replace. */
export function carriedScales(
  snapshot: Snapshot,
  stack: StackToScale,
  decisions: readonly ScaleDecision[],
): Carried {
  if (snapshot.inRange?.pull == null || snapshot.file.kind !== "text") return NOTHING;
  const text = snapshot.file.text;
  const commit = parseScaleCommit(snapshot.inRange.headMessage);
  if (commit?.alias !== stack.alias) return NOTHING;
  const scales = commit.scales.flatMap((scale) => {
    const pool = findPool(stack.contract, scale.pool);
    if (pool === undefined || decisions.some(({ intent }) => intent.pool === pool.name)) return [];
    return isLive(scale, pool, text, stack.project) ? [{ ...scale, pool: pool.name }] : [];
  });
  return { scales, requestedBy: commit.requestedBy };
}

function isLive(scale: Scale, pool: Pool, text: string, project: string): boolean {
  const read = readPoolValue(text, { ...pool.location, project });
  const inRange = scale.to >= pool.min && scale.to <= pool.max;
  return inRange && read.kind === "value" && read.value === scale.from && scale.to !== scale.from;
}

function scaleOf({ intent, from, to, requested, reasons }: ScaleDecision): Scale {
  const codes = reasons.map(({ code }) => code);
  return {
    pool: intent.pool,
    from,
    to,
    requested,
    reasons: codes,
    source: intent.source,
    event: intent.event,
  };
}

/** What comes back from a commit is a word as ours are, or is left out: whoever may push can have written it. */
function cleanScale(scale: Scale): Scale {
  const isWord = (text: string) => /^[a-z-]{1,40}$/.test(text);
  return {
    ...scale,
    reasons: scale.reasons.filter(isWord),
    source: isWord(scale.source) ? scale.source : "",
  };
}
