import type { Pool } from "../domain/contract.ts";
import type { PlacedHold } from "../domain/controls.ts";
import type { ControlsChange } from "../domain/controls-change.ts";
import { API_CALLER, HOW_TO_END, isOfSame, whyKept } from "../domain/edit-holds.ts";
import { heldBack } from "../domain/guardrails.ts";
import { describeHold, holdsOfPool, pausesOf, pinOf } from "../domain/hold-of.ts";
import type { Intent } from "../domain/intent.ts";
import { findPool } from "../domain/pool-history.ts";
import type { PoolState } from "../domain/pool-state.ts";
import { toSentence } from "../domain/to-sentence.ts";
import type { ControlsForge, ControlsPlace } from "../forge/controls-forge.ts";
import { changeControls } from "./change-controls.ts";
import { readSituation, type StackContext } from "./read-situation.ts";
import type { ControlsResult, ScaleResult } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** Of a whole repository, so many stacks are looked at for the answer: each is a read. */
const MOST_STACKS = 20;

export type ControlledStacks<C extends StackContext> = {
  forge: ControlsForge;
  place: ControlsPlace;
  /** Those that the change is about. */
  contexts: readonly C[];
  /** The stack's normal path, through every guardrail; for a pin's value. */
  scale: (intent: Intent, alias: string) => Promise<ScaleResult | null>;
  /** Looks after what is open of a stack: what is held back now, or may go on. */
  settle: (context: C) => void;
};

/**
 * Pauses, pins or resumes: writes it down, has a pin's value asked for, and says what it comes to. What it changes holds from the next
 * decision on, here and in every other process. Throws `TryAgainError`; the same change may then be asked for again.
 */
export async function controlStacks<C extends StackContext>(
  stacks: ControlledStacks<C>,
  change: ControlsChange,
): Promise<ControlsResult> {
  const { forge, place, contexts, scale, settle } = stacks;
  if (isOver(change))
    return { ...NOTHING, kind: "refused", message: "It would be over by now, so nothing was changed." };
  const why = await whyNoPin(contexts, change);
  if (why !== null) return { ...NOTHING, kind: "refused", message: why };
  const changed = await changeControls(forge, place, change, contexts[0]?.place.formerAliases);
  if (changed.kind === "refused")
    return { ...NOTHING, kind: "refused", message: toSentence(changed.message) };
  for (const { snapshots } of contexts) snapshots.invalidate();
  const result = change.kind === "pin" ? await scale(intentOf(change), change.target.alias) : null;
  const looked = contexts.slice(0, MOST_STACKS);
  const standing = (await Promise.all(looked.map((context) => readStanding(context, change)))).flat();
  for (const context of looked) settle(context);
  const replaced = changed.kind === "changed" ? changed.replaced : [];
  const stillHeld = unique(standing.flatMap(({ held }) => held));
  const unapplied = standing.flatMap(({ pools }) => pools);
  const told = {
    change,
    isChanged: changed.kind === "changed",
    replaced,
    stillHeld,
    unapplied,
    scale: result,
  };
  const unread = [
    ...standing.flatMap(({ problem }) => (problem === null ? [] : [problem])),
    ...(contexts.length > looked.length
      ? [`${contexts.length - looked.length} more stacks were not looked at for this answer`]
      : []),
  ];
  const open = standing.flatMap((it) => it.open);
  const message = [...sentencesOf(told), ...open.map(toSentence), ...unread.map(toSentence)].join(" ");
  return { kind: changed.kind, message, replaced, stillHeld, unapplied, scale: result };
}

const NOTHING = { replaced: [], stillHeld: [], unapplied: [], scale: null };

type Standing = {
  held: string[];
  pools: ControlsResult["unapplied"];
  /** What is open and held back. */
  open: string[];
  problem: string | null;
};

/** It came so late that nothing of its time is left. */
function isOver(change: ControlsChange): boolean {
  return change.kind !== "resume" && change.untilMs !== null && change.untilMs <= change.nowMs;
}

/** A pin of a value that the pool cannot have would hold it at nothing, and each lets its value through a pause of the repository. */
async function whyNoPin(contexts: readonly StackContext[], change: ControlsChange): Promise<string | null> {
  const [context] = contexts;
  if (change.kind !== "pin" || context === undefined) return null;
  const { pool, holds } = await findPoolNow(context, change.target.pool.name);
  if (pool === undefined) return `The stack has no pool ${change.target.pool.name}.`;
  const others = pausesOf(holds, change.nowMs).find(
    (hold) => hold.in === "repository" && !isOfSame(hold, change),
  );
  if (change.replaces === "own" && others !== undefined)
    return toSentence(whyKept(others, change.by, "repository"));
  const isInside = change.value >= pool.min && change.value <= pool.max;
  return isInside
    ? null
    : `${pool.name} can have ${pool.min} to ${pool.max}, so it cannot be pinned at ${change.value}.`;
}

async function findPoolNow(
  context: StackContext,
  name: string,
): Promise<{ pool: Pool | undefined; holds: readonly PlacedHold[] }> {
  try {
    const { record } = readSituation(context, await context.snapshots.get());
    const pool = findPool(record.contract, name);
    return { pool, holds: pool === undefined ? [] : holdsOfPool(record.holds, pool) };
  } catch (error) {
    throw toTryAgain(error);
  }
}

function intentOf({
  target,
  value,
  source,
  event,
  by,
  why,
}: Extract<ControlsChange, { kind: "pin" }>): Intent {
  const summary = why === "" ? `pin at ${value}` : why;
  return { pool: target.pool.name, ask: { kind: "value", value }, source, requestedBy: by, event, summary };
}

async function readStanding(context: StackContext, change: ControlsChange): Promise<Standing> {
  const { alias } = context.place;
  try {
    const { record, readState } = readSituation(context, await context.snapshots.get());
    const { target } = change;
    const nowMs = context.clock();
    const pools = [...record.contract.values()].filter(
      ({ name }) => target.kind !== "pool" || name === target.pool.name,
    );
    const states = pools.flatMap((pool) => {
      const read = readState(pool);
      return read.kind === "state" ? [{ pool, state: read.state }] : [];
    });
    return {
      held: states.flatMap(({ pool, state }) =>
        holdsNow(state, target.kind === "all" ? `${alias}/${pool.name}` : pool.name, alias, nowMs),
      ),
      pools: states.flatMap(({ pool, state: { committed, applied } }) =>
        applied === null || applied === committed
          ? []
          : [{ stack: alias, pool: pool.name, committed, applied }],
      ),
      open: states.flatMap(({ pool, state }) => openAndHeld(pool, state, nowMs)),
      problem: null,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const problem = `how ${alias} stands could not be read: ${why.replace(/\.$/, "")}`;
    return { held: [], pools: [], open: [], problem };
  }
}

function holdsNow({ paused, holds }: PoolState, pool: string, stack: string, nowMs: number): string[] {
  const pin = pinOf(holds, nowMs);
  const told = [...(pin === null ? [] : [pin]), ...pausesOf(holds, nowMs)].map((hold) =>
    describeHold(hold, pool, stack),
  );
  return paused === null ? told : [paused, ...told];
}

function openAndHeld(pool: Pool, state: PoolState, nowMs: number): string[] {
  return [state.pending, state.awaitingApproval].flatMap((proposed) => {
    if (proposed?.pullRequest == null || heldBack(pool, state, proposed.to, nowMs) === null) return [];
    return [
      `pull request #${proposed.pullRequest} (${pool.name} ${state.committed} → ${proposed.to}) is held back`,
    ];
  });
}

type Told = Omit<ControlsResult, "kind" | "message"> & { change: ControlsChange; isChanged: boolean };

function sentencesOf({ change, isChanged, replaced, stillHeld, unapplied, scale }: Told): string[] {
  const { target } = change;
  const what =
    target.kind === "pool"
      ? target.pool.name
      : target.kind === "stack"
        ? target.alias
        : "The whole repository";
  const before = replaced.join("; ");
  const held = stillHeld.join("; ");
  if (change.kind === "resume") {
    const first = isChanged
      ? `${what} is resumed; this holds no more: ${before}.`
      : `Nobody has paused or pinned ${what === "The whole repository" ? "the whole repository" : what}.`;
    const isOfOthers = stillHeld.some((text) => !text.startsWith(`${change.by} has `));
    const howToEnd = change.by === API_CALLER && isOfOthers ? [toSentence(HOW_TO_END)] : [];
    return held === "" ? [first] : [first, `This still holds: ${held}.`, ...howToEnd];
  }
  const said = isChanged ? "" : " It was so already.";
  const applied =
    unapplied.length === 0
      ? []
      : [`What is merged is applied all the same: ${unapplied.map(describeUnapplied).join(", ")}.`];
  return [
    `Now this holds: ${held}.${said}`,
    ...(before === "" ? [] : [`It takes the place of this: ${before}.`]),
    ...(scale === null ? [] : [describeScale(scale, change)]),
    ...applied,
  ];
}

function describeUnapplied({ stack, pool, committed, applied }: ControlsResult["unapplied"][number]): string {
  return `${stack}/${pool} ${committed} is committed and not applied yet (applied: ${applied})`;
}

/** A pin moves nothing by itself: where its value is held now, whoever has said it asks for it again; for a comment its answer does. */
function describeScale({ kind, pool, from, to, reasons }: ScaleResult, change: ControlsChange): string {
  const why = reasons.map(({ message }) => message).join("; ");
  if (kind === "scale") return `${pool} ${from} → ${to}: ${why}.`;
  const isThere = reasons.some(({ code }) => code === "unchanged");
  const isAskedAgain = change.kind === "pin" && change.source === "comment";
  const again =
    isThere || isAskedAgain
      ? ""
      : " Nothing asks for its value by itself: say the same once more after that.";
  return `${pool} stays at ${from ?? "its value"}: ${why}.${again}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
