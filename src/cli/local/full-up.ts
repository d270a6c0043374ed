import { adoptStack } from "../../apply/adopt-stack.ts";
import { readChangedFiles } from "../../apply/checkout.ts";
import { runFullUpdate } from "../../apply/full-update.ts";
import { publishStack } from "../../apply/publish-stack.ts";
import { readUpdates } from "../../apply/update-history.ts";
import type { Clock } from "../../clock.ts";
import { appliedValue } from "../../domain/applied-value.ts";
import { parseContract } from "../../domain/contract.ts";
import { readPoolValue } from "../../domain/stack-file.ts";
import { parseEntry } from "../../ledger/entry.ts";
import type { LocalOutside } from "./flags.ts";
import type { LocalProgram } from "./open-program.ts";
import { recoverUpdates } from "./recover.ts";

/** What a full update did to a pool: `before` is what was applied, null where nobody knew; `committed` what the branch says. */
export type Brought = {
  pool: string;
  before: number | null;
  applied: number | null;
  committed: number | null;
};

/**
 * Makes up for what a killed process has left, brings the whole stack up with the work tree's program and configuration, shows
 * Pulumi's progress, and notes in the ledger what is applied. Answers every pool. Throws `FullUpdateError`, and what
 * `publishStack` throws.
 */
export async function fullUp(program: LocalProgram, outside: LocalOutside): Promise<Brought[]> {
  const { engine, workDir, stack, place, deployPlace, world } = program;
  await recoverUpdates(program, outside);
  for (const sentence of await program.heal()) outside.tell(sentence);
  const { ledger } = await world.forge.readHead(deployPlace, []);
  const changed = await readChangedFiles(await program.readCheckout());
  const message = `pulumiscale up ${place.alias}`;
  await runFullUpdate(stack, { ...engine, workDir, onLine: outside.tell }, message);
  const checkout = await program.readCheckout();
  const request = { place: deployPlace, checkout, engine, runUrl: null };
  // With changes that no commit has, no commit may be called deployed: Pulumi's own history knows that.
  const entry =
    changed.length === 0
      ? await publishStack(request, {
          ...world,
          hide: outside.hide,
          clock: clockAfter(await readEndMs(program, message), world.clock),
        })
      : (await adoptStack(request, world)).entry;
  if (entry === null) return [];
  // While the update waited for another one, somebody may have committed the very values that it then took.
  const { head } = await world.forge.readHead(deployPlace, []);
  const last = ledger.text === null ? null : parseEntry(ledger.text);
  return [...parseContract(entry.pools, place.project).contract.values()].map((pool): Brought => {
    const location = { ...pool.location, project: place.project };
    const read = head.stackFile.kind === "text" ? readPoolValue(head.stackFile.text, location) : null;
    return {
      pool: pool.name,
      before: last?.kind === "entry" ? appliedValue(last.entry, pool) : null,
      applied: appliedValue(entry, pool),
      committed: read?.kind === "value" ? read.value : null,
    };
  });
}

/** When the newest update of that message has ended, by Pulumi's history; 0 where it has none. */
async function readEndMs({ engine, workDir, stack }: LocalProgram, message: string): Promise<number> {
  const updates = await readUpdates(stack, { ...engine, workDir }, 5);
  return updates.find((update) => update.message === message)?.endedAtMs ?? 0;
}

/**
 * Pulumi tells whole seconds, by a clock of its own. An entry of the same second, or an earlier one, would count as older than the update
 * that it is about, and be taken over from Pulumi's history, which knows less.
 */
function clockAfter(endMs: number, clock: Clock): Clock {
  return () => Math.max(clock(), endMs + 1000);
}

/** A sentence for each pool that did not stand at its committed value, or does not now. */
export function describeBrought(brought: readonly Brought[]): string[] {
  return brought.flatMap(({ pool, before, applied, committed }) => {
    if (applied !== committed)
      return [
        `${pool}: ${applied ?? "?"} is applied from the work tree, but ${committed ?? "no value"} is committed. Commit the stack file, or restore it.`,
      ];
    if (before === null || before === applied) return [];
    return [`${pool}: ${before} was applied, although ${committed} is committed; it is ${applied} now.`];
  });
}
