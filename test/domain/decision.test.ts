import { describe, expect, it } from "vitest";
import { decide } from "../../src/domain/decision.ts";
import type { Situation } from "../../src/domain/guardrails.ts";
import type { PoolState } from "../../src/domain/pool-state.ts";
import { aPause, aPin } from "./holds.ts";
import { anIntent, aPool, aState, at, NOW } from "./situations.ts";

type Case = {
  pool?: Parameters<typeof aPool>[0];
  state?: Partial<PoolState>;
  intent?: Parameters<typeof anIntent>[0];
  situation?: Partial<Situation>;
  /** `scale 3 → 4 requested,above-max [gated]`, `hold cooldown`, `refuse value-needed`. */
  expected: string;
};

/** Every rule of scaling, by name. */
const cases: Record<string, Case> = {
  "an alert moves an incremental pool by its step": { pool: { step: 2 }, expected: "scale 3 → 5 requested" },
  "an alert's delta wins over the step": {
    intent: { ask: { kind: "delta", delta: 3 } },
    expected: "scale 3 → 6 requested",
  },
  "an alert's value sets an incremental pool": {
    intent: { ask: { kind: "value", value: 7 } },
    expected: "scale 3 → 7 requested",
  },
  "an absolute pool takes an alert's value": {
    pool: { strategy: "absolute" },
    intent: { ask: { kind: "value", value: 7 } },
    expected: "scale 3 → 7 requested",
  },
  "an absolute pool refuses an alert without a value": {
    pool: { strategy: "absolute" },
    expected: "refuse value-needed",
  },
  "an absolute pool refuses an alert's delta": {
    pool: { strategy: "absolute" },
    intent: { ask: { kind: "delta", delta: 1 } },
    expected: "refuse value-needed",
  },
  "a direct delta moves an absolute pool": {
    pool: { strategy: "absolute" },
    intent: { source: "delta", ask: { kind: "delta", delta: 2 } },
    expected: "scale 3 → 5 requested",
  },
  "a demand over max is lowered to it": {
    intent: { ask: { kind: "value", value: 100 } },
    expected: "scale 3 → 10 requested,above-max",
  },
  "a demand under min is raised to it": {
    intent: { ask: { kind: "value", value: -5 } },
    expected: "scale 3 → 1 requested,below-min",
  },
  "at max a further step up changes nothing": {
    state: { committed: 10, applied: 10 },
    expected: "hold unchanged,above-max",
  },
  "a value above max is pulled inside, even by a step up": {
    state: { committed: 60, applied: 60 },
    expected: "scale 60 → 10 requested,above-max",
  },
  "a value below min is pulled inside": {
    state: { committed: 0, applied: 0 },
    pool: { min: 2 },
    expected: "scale 0 → 2 requested,below-min",
  },
  "the value that stands already changes nothing": {
    intent: { ask: { kind: "value", value: 3 } },
    expected: "hold unchanged",
  },
  "a pause holds": { state: { paused: "paused for a test" }, expected: "hold paused" },
  "a person's pause holds": { state: { holds: [aPause()] }, expected: "hold paused" },
  "a pause of scaling in holds no move up": {
    state: { holds: [aPause("web", { direction: "in" })] },
    expected: "scale 3 → 4 requested",
  },
  "a pause that is over holds nothing": {
    state: { holds: [aPause("web", { until: 0 })] },
    expected: "scale 3 → 4 requested",
  },
  "a pin holds every other value": { state: { holds: [aPin(6)] }, expected: "hold pinned" },
  "a pin's own value goes through the other guardrails": {
    state: { holds: [aPin(6), aPause()], lastChange: aState.change(-10, 2, 3) },
    intent: { ask: { kind: "value", value: 6 } },
    expected: "hold cooldown",
  },
  "a pinned pool that stands at its value says so": {
    state: { holds: [aPin(3)] },
    intent: { ask: { kind: "value", value: 3 } },
    expected: "hold unchanged",
  },
  "what a pin holds back is in no way of its own value": {
    state: { holds: [aPin(4)], pending: { to: 9, sinceMs: at(-10), pullRequest: 7 } },
    intent: { ask: { kind: "value", value: 4 } },
    expected: "scale 3 → 4 requested",
  },
  "the same event within the window is a duplicate": {
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-299) }] },
    expected: "hold duplicate",
  },
  "the same event after the window scales again": {
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-300) }] },
    expected: "scale 3 → 4 requested",
  },
  "CloudWatch repeats nothing, so its event stays a duplicate for as long as SNS retries": {
    intent: { source: "cloudwatch" },
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-3_599) }] },
    expected: "hold duplicate",
  },
  "a repository may set the window, and the cooldown still counts": {
    pool: { cooldownSeconds: 60, scaleInCooldownSeconds: 60 },
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-61) }] },
    situation: { duplicateSeconds: 10 },
    expected: "scale 3 → 4 requested",
  },
  "a long cooldown is the duplicate window": {
    pool: { cooldownSeconds: 900, scaleInCooldownSeconds: 900 },
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-899) }] },
    expected: "hold duplicate",
  },
  "a duplicate is told before the unchanged value that it caused": {
    intent: { ask: { kind: "value", value: 3 } },
    state: { seenEvents: [{ event: anIntent().event, atMs: at(-10) }] },
    expected: "hold duplicate",
  },
  "another event is no duplicate": {
    state: { seenEvents: [{ event: "ffffffffffffffff", atMs: at(-1) }] },
    expected: "scale 3 → 4 requested",
  },
  "a failed apply holds": { state: { applyFailure: "failed: quota" }, expected: "hold apply-failed" },
  "an open pull request holds an equal demand": {
    state: { pending: { to: 4, sinceMs: at(-5), pullRequest: 7 } },
    expected: "hold in-flight",
  },
  "an open pull request holds a demand back down": {
    state: { pending: { to: 6, sinceMs: at(-5), pullRequest: 7 } },
    intent: { ask: { kind: "value", value: 2 } },
    expected: "hold in-flight",
  },
  "a larger scale-out replaces what is in flight": {
    state: { pending: { to: 4, sinceMs: at(-5), pullRequest: 7 } },
    intent: { ask: { kind: "value", value: 8 } },
    expected: "scale 3 → 8 requested",
  },
  "a change is in flight for a limited time only": {
    state: { pending: { to: 4, sinceMs: at(-1800), pullRequest: 7 } },
    expected: "scale 3 → 4 requested",
  },
  "a committed value that is not applied holds": {
    pool: { cooldownSeconds: 0 },
    state: { committed: 4, applied: 3, lastChange: aState.change(-60, 3, 4) },
    expected: "hold in-flight",
  },
  "while a value is not applied a step counts from the applied one": {
    pool: { cooldownSeconds: 0 },
    state: { committed: 4, applied: 3, lastChange: aState.change(-60, 3, 4) },
    intent: { ask: { kind: "delta", delta: 3 } },
    expected: "scale 4 → 6 requested",
  },
  "a value that was never applied in time no longer holds": {
    state: { committed: 4, applied: 3, lastChange: aState.change(-1800, 3, 4) },
    expected: "scale 4 → 5 requested",
  },
  "an unknown applied value holds nothing": {
    state: { applied: null, lastChange: aState.change(-600, 2, 3) },
    expected: "scale 3 → 4 requested",
  },
  "the cooldown holds": { state: { lastChange: aState.change(-299, 2, 3) }, expected: "hold cooldown" },
  "the cooldown ends at its second": {
    state: { lastChange: aState.change(-300, 2, 3) },
    expected: "scale 3 → 4 requested",
  },
  "a person's change starts a cooldown, and is told": {
    state: { lastChange: aState.change(-10, 2, 3, "manual") },
    expected: "hold manual-change",
  },
  "a move down waits for the scale-in cooldown": {
    pool: { scaleInCooldownSeconds: 900 },
    state: { lastChange: aState.change(-600, 2, 3) },
    intent: { ask: { kind: "delta", delta: -1 } },
    expected: "hold cooldown",
  },
  "a move up does not wait for the scale-in cooldown": {
    pool: { scaleInCooldownSeconds: 900 },
    state: { lastChange: aState.change(-600, 2, 3) },
    expected: "scale 3 → 4 requested",
  },
  "a move up interrupts the cooldown of a move down": {
    state: { lastChange: aState.change(-1, 5, 3) },
    expected: "scale 3 → 4 requested",
  },
  "a move down does not interrupt the cooldown of a move down": {
    state: { lastChange: aState.change(-1, 5, 3) },
    intent: { ask: { kind: "delta", delta: -1 } },
    expected: "hold cooldown",
  },
  "above the threshold a person approves": {
    situation: { approvals: [{ above: 3 }] },
    expected: "scale 3 → 4 requested,over-threshold [gated]",
  },
  "at the threshold nobody is asked": {
    situation: { approvals: [{ above: 4 }] },
    expected: "scale 3 → 4 requested",
  },
  "a percentage above is of max": {
    situation: { approvals: [{ above: "30%" }] },
    expected: "scale 3 → 4 requested,over-threshold [gated]",
  },
  "a large change needs approval in either direction": {
    state: { committed: 9, applied: 9 },
    intent: { ask: { kind: "value", value: 2 } },
    situation: { approvals: [{ changeOver: 5 }] },
    expected: "scale 9 → 2 requested,over-threshold [gated]",
  },
  "a percentage of change is of the current value": {
    state: { committed: 4, applied: 4 },
    intent: { ask: { kind: "value", value: 7 } },
    situation: { approvals: [{ changeOver: "50%" }] },
    expected: "scale 4 → 7 requested,over-threshold [gated]",
  },
  "the stricter of two rules wins": {
    situation: { approvals: [{ above: 9 }, { above: 3 }] },
    expected: "scale 3 → 4 requested,over-threshold [gated]",
  },
  "a move down towards the threshold is not gated by it": {
    state: { committed: 9, applied: 9 },
    intent: { ask: { kind: "delta", delta: -1 } },
    situation: { approvals: [{ above: 5 }] },
    expected: "scale 9 → 8 requested",
  },
  "an equal demand waits with the gated pull request": {
    state: { awaitingApproval: { to: 4, sinceMs: at(-600), pullRequest: 9 } },
    situation: { approvals: [{ above: 3 }] },
    expected: "hold awaiting-approval",
  },
  "another demand does not move the head of what waits within a cooldown": {
    intent: { ask: { kind: "value", value: 6 } },
    state: { awaitingApproval: { to: 4, sinceMs: at(-100), pullRequest: 9 } },
    situation: { approvals: [{ above: 3 }] },
    expected: "hold awaiting-approval",
  },
  "another demand moves it after the cooldown": {
    intent: { ask: { kind: "value", value: 6 } },
    state: { awaitingApproval: { to: 4, sinceMs: at(-301), pullRequest: 9 } },
    situation: { approvals: [{ above: 3 }] },
    expected: "scale 3 → 6 requested,over-threshold [gated]",
  },
  "partial scales to the threshold now": {
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }] },
    expected: "scale 3 → 5 requested,over-threshold",
  },
  "partial goes to the nearest of all thresholds": {
    intent: { ask: { kind: "value", value: 9 } },
    situation: {
      approvals: [
        { above: 7, partial: true },
        { changeOver: "50%", partial: true },
      ],
    },
    expected: "scale 3 → 4 requested,over-threshold",
  },
  "partial goes down too": {
    state: { committed: 10, applied: 10 },
    intent: { ask: { kind: "value", value: 1 } },
    situation: { approvals: [{ changeOver: 4, partial: true }] },
    expected: "scale 10 → 6 requested,over-threshold",
  },
  "partial is nothing where the least that the pool may have is beyond the threshold": {
    pool: { min: 2 },
    state: { committed: 0, applied: 0 },
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ changeOver: "50%", partial: true }] },
    expected: "scale 0 → 9 requested,over-threshold [gated]",
  },
  "partial is nothing where another rule that is passed does without": {
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }, { changeOver: 2 }] },
    expected: "scale 3 → 9 requested,over-threshold [gated]",
  },
  "a rule that is not passed has no say in it": {
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }, { above: 9 }] },
    expected: "scale 3 → 5 requested,over-threshold",
  },
  "partial at the threshold asks for all of it": {
    state: { committed: 5, applied: 5 },
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }] },
    expected: "scale 5 → 9 requested,over-threshold [gated]",
  },
  "partial does not go back where the pool stands beyond the threshold": {
    state: { committed: 7, applied: 7 },
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }] },
    expected: "scale 7 → 9 requested,over-threshold [gated]",
  },
  "partial whose first part is on its way only asks for the rest": {
    state: { pending: { to: 5, sinceMs: at(-10), pullRequest: 8 } },
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }] },
    expected: "scale 3 → 9 requested,over-threshold [gated]",
  },
  "partial whose rest waits already makes up for a first part that was lost": {
    state: { awaitingApproval: { to: 9, sinceMs: at(-10), pullRequest: 9 } },
    intent: { ask: { kind: "value", value: 9 } },
    situation: { approvals: [{ above: 5, partial: true }] },
    expected: "scale 3 → 5 requested,over-threshold",
  },
  "over a threshold nothing moves where nobody can approve": {
    intent: { ask: { kind: "value", value: 8 } },
    situation: { approvals: [{ above: 5 }], gate: "hold" },
    expected: "hold over-threshold",
  },
  "a part of it moves where nobody can approve the rest": {
    intent: { ask: { kind: "value", value: 8 } },
    situation: { approvals: [{ above: 5, partial: true }], gate: "hold" },
    expected: "scale 3 → 5 requested,over-threshold",
  },
  "a person who asks for it by hand has approved it": {
    intent: { ask: { kind: "value", value: 8 } },
    situation: { approvals: [{ above: 5 }], gate: "open" },
    expected: "scale 3 → 8 requested,over-threshold",
  },
  "the clamped value is what is compared with the threshold": {
    intent: { ask: { kind: "value", value: 100 } },
    situation: { approvals: [{ above: 10 }] },
    expected: "scale 3 → 10 requested,above-max",
  },
};

describe("decide", () => {
  it.each(Object.entries(cases))("%s", (_, { pool, state, intent, situation, expected }) => {
    const decision = decide({
      pool: aPool(pool),
      state: aState(state),
      intent: anIntent(intent),
      nowMs: NOW,
      inFlightSeconds: 1800,
      duplicateSeconds: 300,
      approvals: [],
      gate: "pull-request",
      ...situation,
    });
    const codes = decision.reasons.map(({ code }) => code).join(",");
    const move = decision.kind === "scale" ? ` ${decision.from} → ${decision.to}` : "";
    const gated = decision.kind === "scale" && decision.gated ? " [gated]" : "";
    expect(`${decision.kind}${move} ${codes}${gated}`).toBe(expected);
    for (const { message } of decision.reasons) expect(message.length).toBeGreaterThan(5);
  });

  it("says which bound and what was asked", () => {
    const situation = {
      pool: aPool(),
      state: aState(),
      nowMs: NOW,
      inFlightSeconds: 1800,
      duplicateSeconds: 300,
      approvals: [],
      gate: "pull-request",
    } as const;
    const decision = decide({ ...situation, intent: anIntent({ ask: { kind: "value", value: 100 } }) });
    expect(decision.reasons.find(({ code }) => code === "above-max")?.message).toBe(
      "100 was asked; max is 10",
    );
    expect(decision.requested).toBe(100);
  });
});
