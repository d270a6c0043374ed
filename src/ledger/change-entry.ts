import type { PoolReceipt, Receipt } from "../domain/receipt.ts";
import { isFailure } from "../domain/receipt.ts";
import { formatTrailers, type Trailer } from "../domain/trailers.ts";
import { type LedgerEntry, SCHEMA_VERSION } from "./entry.ts";

/** What no commit is called: with it as the deployed one, the next apply looks at a preview first. */
export const NO_COMMIT = "0".repeat(40);

/** What an apply learned, to be written into whatever the entry is by then. */
export type AppliedChange = {
  /** The stack's own output `pulumiscale`, as it was read before the update. */
  pools: Record<string, unknown>;
  receipt: Receipt;
  publishedAt: string;
};

/**
 * The entry after an apply. Only pools that the engine confirmed move; what another run wrote of other pools meanwhile
 * stays, and so does a failure that this run did not try again.
 */
export function entryAfterApply(
  current: LedgerEntry,
  { pools, receipt, publishedAt }: AppliedChange,
): LedgerEntry {
  const confirmed = receipt.pools.filter(({ outcome }) => outcome === "applied");
  const tried = new Set(receipt.pools.map(({ pool }) => pool));
  const stillFailing = (current.receipt?.pools ?? []).filter(
    ({ pool, outcome }) => isFailure(outcome) && !tried.has(pool) && Object.hasOwn(pools, pool),
  );
  return {
    ...current,
    pools,
    applied: { ...current.applied, ...Object.fromEntries(confirmed.map(({ pool, to }) => [pool, to])) },
    commit: receipt.commit,
    publishedAt,
    receipt: { ...receipt, pools: [...receipt.pools, ...stillFailing] },
    attestation: null,
  };
}

/** What a publish knows after a full up. */
export type PublishedStack = Pick<
  LedgerEntry,
  | "project"
  | "stack"
  | "dir"
  | "formerPaths"
  | "pools"
  | "applied"
  | "deployed"
  | "commit"
  | "publishedAt"
  | "tokenHashes"
  | "receipt"
>;

/** The entry after a full up: everything is what the full up left, whatever stood there before. */
export function entryAfterPublish(published: PublishedStack): LedgerEntry {
  return { schemaVersion: SCHEMA_VERSION, ...published, attestation: null };
}

/** The commit message of a ledger write, for people and, in its trailers, for machines. */
export function formatLedgerMessage(
  alias: string,
  what: "apply" | "publish" | "renew",
  entry: LedgerEntry,
): { headline: string; body: string } {
  const lines = what === "renew" ? [] : (entry.receipt?.pools ?? []);
  const trailers: Trailer[] = [
    { key: "Stack", value: alias },
    { key: "Commit", value: entry.commit },
    ...(what === "publish" ? [{ key: "Deployed", value: entry.deployed ?? "" }] : []),
    ...lines.map((line) => ({ key: "Result", value: formatResult(line) })),
    ...(what === "renew" || entry.receipt?.runUrl == null
      ? []
      : [{ key: "Run", value: entry.receipt.runUrl }]),
  ];
  return { headline: `ledger(${alias}): ${headline(what, entry, lines)}`, body: formatTrailers(trailers) };
}

function headline(
  what: "apply" | "publish" | "renew",
  entry: LedgerEntry,
  lines: readonly PoolReceipt[],
): string {
  if (what === "publish") return `publish ${Object.keys(entry.pools).length} pools`;
  if (what === "renew") return "the same, signed anew";
  const [only] = lines;
  if (lines.length === 1 && only !== undefined)
    return `${only.pool} ${only.from ?? "?"} → ${only.to} ${only.outcome}`;
  const applied = lines.filter(({ outcome }) => outcome === "applied").length;
  return `${applied} of ${lines.length} pools applied`;
}

function formatResult({ pool, from, to, outcome }: PoolReceipt): string {
  return `${pool} ${from ?? "?"} -> ${to} outcome=${outcome}`;
}
