import { parseContract } from "../domain/contract.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, HeadRead, HistoryRead } from "./apply-forge.ts";
import type { Checkout } from "./checkout.ts";
import { type ApplyDecision, decideApply, findPending, locationsOf } from "./pending.ts";
import { isSameProgram } from "./program-state.ts";
import { type LedgerTrust, readTrustedEntry } from "./trusted-entry.ts";

/** What starts a run of `apply`. */
export type Trigger =
  /** A push, with the commit that the branch had before it. */
  | { kind: "push"; before: string }
  /** The branch has moved since the last run of this process. */
  | { kind: "commit" }
  /** A schedule, a person, another CI. */
  | { kind: "other" };

/** What the repository says of a stack, and what follows from it. */
export type ReadDecision = {
  read: HeadRead;
  entry: LedgerEntry | null;
  /** Why the ledger's entry does not count, and so is none; null where it does, or where there is none. */
  refusal: string | null;
  /** Since the last apply. */
  history: HistoryRead;
  decision: ApplyDecision;
  /** Whether the program at the head is the one that the last full up deployed. */
  code: "deployed" | "undeployed";
};

const NO_HISTORY: HistoryRead = { commits: [], isComplete: true, states: new Map() };

/**
 * Reads what a run of `apply` has to know before it asks Pulumi, in two requests at most, and decides what it does.
 * Throws `ForgeError`, and `LedgerError` where the entry is not readable.
 */
export async function readDecision(
  forge: ApplyForge,
  place: DeployPlace,
  checkout: Pick<Checkout, "commit" | "project">,
  trigger: Trigger,
  trust: LedgerTrust,
): Promise<ReadDecision> {
  const before = trigger.kind === "push" && !/^0+$/.test(trigger.before) ? trigger.before : null;
  const read = await forge.readHead(place, [checkout.commit, ...(before === null ? [] : [before])]);
  const { entry, refusal } = await readTrustedEntry(read.ledger, place, trust);
  const states = new Map([...read.others, [read.headOid, read.head]]);
  const deployed = entry?.deployed ?? null;
  const isKnown = deployed === null || states.has(deployed);
  const history =
    entry === null || (entry.commit === read.headOid && isKnown)
      ? NO_HISTORY
      : await forge.readHistory(place, read.headOid, entry.commit, isKnown ? [] : [deployed]);
  for (const [commit, state] of history.states) states.set(commit, state);

  const { contract } = parseContract(entry?.pools);
  const found =
    entry === null
      ? { pending: [], unusable: [] }
      : findPending(contract, entry.project, read.head.stackFile, history, entry);
  const deployedState = deployed === null ? null : (states.get(deployed) ?? null);
  const locations = locationsOf(contract, entry?.project ?? checkout.project);
  const decided = decideApply({
    trigger:
      trigger.kind === "push"
        ? { kind: "push", before: before === null ? null : (states.get(before) ?? null) }
        : { kind: "other" },
    head: read.head,
    checkout: states.get(checkout.commit) ?? null,
    deployed: deployedState,
    entry,
    stackFilePath: place.stackFilePath,
    locations,
    somethingIsPending: found.pending.length + found.unusable.length > 0,
  });
  // Without an entry a full up is needed anyway: this says why there is none.
  const decision: ApplyDecision = refusal === null ? decided : { kind: "full-needed", because: refusal };
  const isDeployed = isSameProgram(deployedState, read.head, place, locations);
  return { read, entry, refusal, history, decision, code: isDeployed ? "deployed" : "undeployed" };
}
