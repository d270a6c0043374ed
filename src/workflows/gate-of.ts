import { approvalNeeded } from "../domain/guardrails.ts";
import { findPool } from "../domain/pool-history.ts";
import { approvalRules } from "../domain/repository-file.ts";
import type { Scale } from "../domain/scale-commit.ts";
import type { StackRecord } from "./stack-record.ts";

/**
 * Why a move may not merge by itself, as a sentence; null where it may. The rules are today's: they may be stricter than when it was
 * opened, and whoever may push can have rewritten it.
 */
export function gateOf({ contract, policy }: StackRecord, { pool: name, from, to }: Scale): string | null {
  const pool = findPool(contract, name);
  return pool === undefined
    ? `the contract has no pool ${name}`
    : approvalNeeded(approvalRules(policy, pool), pool, from, to);
}
