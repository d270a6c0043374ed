import {
  type Carried,
  type PreparedScale,
  prepareScale,
  type ScaleDecision,
} from "../../src/delivery/prepare-scale.ts";
import { type PullFacts, renderCommit, renderPull } from "../../src/delivery/render-scale.ts";
import type { SaidBefore } from "../../src/delivery/scale-words.ts";
import type { Contract, Pool } from "../../src/domain/contract.ts";
import type { PoolChange } from "../../src/domain/pool-history.ts";
import { reason } from "../../src/domain/reasons.ts";
import { anIntent, aPool, at } from "../domain/situations.ts";

const POOLS = ["web", "api", "batch"];
const TEXT = "config:\n  shop:webCount: 3\n  shop:apiCount: 2\n  shop:batchCount: 1\n";

/** The stack `shop.prod` with the pools web, api and batch, at 3, 2 and 1. */
export function aContract(over: Partial<Pool> = {}): Contract {
  return new Map(
    POOLS.map((name) => [name, aPool({ name, location: { configKey: `${name}Count` }, ...over })]),
  );
}

export function aDecision(over: {
  pool?: string;
  from?: number;
  to?: number;
  why?: string;
  summary?: string;
  requestedBy?: string;
}): ScaleDecision {
  const { pool = "web", from = 3, to = 4, why = "+1 from 3 was asked by prometheus", ...intent } = over;
  return {
    kind: "scale",
    intent: anIntent({ pool, ...intent }),
    from,
    to,
    requested: to,
    reasons: [reason("requested", why)],
    gated: false,
  };
}

/** A change of a pool, so many seconds from now. */
export function aChange(seconds: number, from: number | null, to: number | null): PoolChange {
  const change = { commit: "c", atMs: at(seconds), from, to, by: "manual", author: "alice" } as const;
  return { ...change, scale: null, approvedBy: null, pullRequest: null };
}

export function preparedOf(
  decisions: readonly ScaleDecision[],
  {
    carried,
    said = {},
    contract = aContract(),
    formerAliases,
  }: {
    carried?: Carried;
    said?: Partial<SaidBefore>;
    contract?: Contract;
    formerAliases?: readonly string[];
  } = {},
): PreparedScale {
  const before = {
    inRange: null,
    gated: new Map(),
    history: [],
    file: { kind: "text", text: TEXT },
  } as const;
  const stack = { alias: "shop.prod", formerAliases, project: "shop", contract };
  const prepared = prepareScale({ ...before, ...said }, stack, decisions, carried);
  if (prepared.kind === "unusable") throw new Error(prepared.message);
  return prepared.scale;
}

export function pullOf(
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[] = [],
  over: Partial<PullFacts> = {},
): { title: string; body: string } {
  const facts = { prefix: "scale", path: "Pulumi.prod.yaml", branch: "main", gated: false };
  return renderPull(prepared, decisions, { ...facts, historyOf: () => [], ...over });
}

/** The whole message of the commit. */
export function messageOf(prepared: PreparedScale, decisions: readonly ScaleDecision[] = []): string {
  const { headline, body } = renderCommit(prepared, decisions, "scale");
  return `${headline}\n\n${body}`;
}
