import { describe, expect, it } from "vitest";
import type { PoolState } from "../../src/domain/pool-state.ts";
import { policyOf } from "../../src/domain/repository-file.ts";
import { decideBatch } from "../../src/workflows/decide-batch.ts";
import { anIntent, aPool, aState, NOW } from "../domain/situations.ts";

function decideAll(intents: Parameters<typeof decideBatch>[0], state: Partial<PoolState> = {}) {
  const pools = [aPool(), aPool({ name: "api", aliases: ["backend"], approval: { above: 3 } })];
  return decideBatch(intents, {
    contract: new Map(pools.map((pool) => [pool.name, pool])),
    policy: policyOf({}, "shop.prod"),
    nowMs: NOW,
    readState: () => ({ kind: "state", state: aState(state), history: [] }),
  }).map(
    (decision) =>
      `${decision.kind}${decision.kind === "scale" ? ` ${decision.to}` : ""} ${decision.reasons[0]?.code}`,
  );
}

describe("intents that arrive together", () => {
  it("scale once for the same event", () => {
    expect(decideAll([anIntent(), anIntent()])).toEqual(["scale 4 requested", "hold duplicate"]);
  });

  it("hold a second step behind the first", () => {
    expect(decideAll([anIntent(), anIntent({ event: "b".repeat(16) })])).toEqual([
      "scale 4 requested",
      "hold in-flight",
    ]);
  });

  it("let a larger scale-out replace a smaller one", () => {
    const larger = anIntent({ event: "b".repeat(16), ask: { kind: "value", value: 8 } });
    expect(decideAll([anIntent(), larger])).toEqual(["hold in-flight", "scale 8 requested"]);
  });

  it("decide each pool for itself, by its former names too", () => {
    expect(decideAll([anIntent(), anIntent({ pool: "backend" })])).toEqual([
      "scale 4 requested",
      "scale 4 requested",
    ]);
  });

  it("hold an equal demand behind a gated one", () => {
    const two = [anIntent({ pool: "api" }), anIntent({ pool: "api", event: "b".repeat(16) })];
    expect(decideAll(two)).toEqual(["scale 4 requested", "hold awaiting-approval"]);
  });

  it("scale in range at once what another one asks beyond the threshold", () => {
    const value = (event: string, to: number) =>
      anIntent({ pool: "api", event: event.repeat(16), ask: { kind: "value", value: to } });
    const two = { committed: 1, applied: 1 };
    expect(decideAll([value("b", 2), value("c", 9)], two)).toEqual([
      "scale 2 requested",
      "scale 9 requested",
    ]);
    expect(decideAll([value("b", 9), value("c", 2)], two)).toEqual([
      "scale 9 requested",
      "scale 2 requested",
    ]);
    expect(decideAll([value("b", 9), value("c", 2), value("b", 9), value("c", 2)], two).slice(2)).toEqual([
      "hold duplicate",
      "hold duplicate",
    ]);
    expect(decideAll([value("b", 2), value("c", 9), value("d", 3)], two)).toEqual([
      "hold in-flight",
      "scale 9 requested",
      "scale 3 requested",
    ]);
  });

  it("refuse an unknown pool and go on", () => {
    expect(decideAll([anIntent({ pool: "nope" }), anIntent()])).toEqual([
      "refuse unknown-pool",
      "scale 4 requested",
    ]);
  });
});
