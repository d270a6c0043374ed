import type { Pool } from "../../src/domain/contract.ts";
import type { Intent } from "../../src/domain/intent.ts";
import type { Change, PoolState } from "../../src/domain/pool-state.ts";

export const NOW = Date.parse("2026-01-07T12:00:00Z");

/** So many seconds from now. */
export function at(seconds: number): number {
  return NOW + seconds * 1000;
}

/** The pool `web`: incremental, 1 to 10, cooldown 300 s. */
export function aPool(over: Partial<Pool> = {}): Pool {
  return {
    name: "web",
    targetUrns: ["urn:pulumi:prod::shop::random:index:Pool::web"],
    location: { configKey: "webCount" },
    strategy: "incremental",
    min: 1,
    max: 10,
    cooldownSeconds: 300,
    scaleInCooldownSeconds: over.cooldownSeconds ?? 300,
    step: 1,
    targetDependents: false,
    approval: undefined,
    unitCost: undefined,
    aliases: [],
    ...over,
  };
}

/** A pool at rest: 3 committed and applied, no history. */
export function aState(over: Partial<PoolState> = {}): PoolState {
  return {
    committed: 3,
    applied: over.committed ?? 3,
    lastChange: null,
    pending: null,
    awaitingApproval: null,
    seenEvents: [],
    rejections: [],
    handsOff: { inRange: null, gated: null },
    applyFailure: null,
    paused: null,
    holds: [],
    ...over,
  };
}
aState.change = (seconds: number, from: number, to: number, by: Change["by"] = "scale"): Change => ({
  commit: "c".repeat(40),
  atMs: at(seconds),
  from,
  to,
  by,
  author: by === "scale" ? "prometheus" : "alice",
});

/** An alert for `web`, by its step. */
export function anIntent(over: Partial<Intent> = {}): Intent {
  return {
    pool: "web",
    ask: { kind: "step" },
    source: "prometheus",
    requestedBy: "prometheus",
    event: "0123456789abcdef",
    summary: "HighLoad",
    ...over,
  };
}
