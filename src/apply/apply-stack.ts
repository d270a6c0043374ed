import type { Clock } from "../clock.ts";
import { parseContract } from "../domain/contract.ts";
import { isCalled, type StackNames } from "../domain/names.ts";
import { isFailure, type PoolReceipt, type Receipt } from "../domain/receipt.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import { toSentence } from "../domain/to-sentence.ts";
import { entryAfterApply, NO_COMMIT } from "../ledger/change-entry.ts";
import { formatEntry, type LedgerEntry } from "../ledger/entry.ts";
import { ledgerTrust } from "../ledger/ledger-judge.ts";
import type { ApplyForge, DeployPlace, HistoryRead } from "./apply-forge.ts";
import { applyPools, type EngineOptions } from "./apply-pools.ts";
import { type Checkout, readChangedFiles } from "./checkout.ts";
import { cleanOutput } from "./clean-output.ts";
import { type ApplyDecision, findPending, type UnusablePool } from "./pending.ts";
import { formatFinding, type OwnContract, readOwnContract } from "./read-contract.ts";
import { type ReadDecision, readDecision, type Trigger } from "./read-decision.ts";
import type { Redact } from "./redact.ts";
import { renderTitle } from "./render-receipt.ts";
import { commitReports, reportReceipt } from "./report-receipt.ts";
import { stackNames } from "./stack-names.ts";
import { loadAutomation } from "./targeted-update.ts";
import {
  LedgerError,
  type LedgerTrust,
  repositoryFileOf,
  requireOwnAlias,
  requireSigner,
} from "./trusted-entry.ts";
import { updateLedger } from "./update-ledger.ts";
import { formatUpdateMessage } from "./update-message.ts";
import { spliceIntoWorkTree, type UpdateConfig, withStackFile } from "./with-stack-file.ts";

/** How Pulumi is driven; an apply finds the rest of `EngineOptions` itself. */
export type EngineSettings = Omit<EngineOptions, "workDir" | "project" | "stackFile" | "message"> & {
  /** `work-tree` unless told otherwise. */
  config?: UpdateConfig;
};

export type ApplyRequest = {
  place: DeployPlace;
  checkout: Checkout;
  trigger: Trigger;
  engine: EngineSettings;
  /** The workflow run's page; null elsewhere. */
  runUrl: string | null;
};

/** The parts of the outside that an apply works with. */
export type ApplyWorld = {
  forge: ApplyForge;
  ledger: LedgerTrust;
  clock: Clock;
  redact: Redact;
  /** Tells people what goes on, a sentence at a time. */
  say: (level: "info" | "warning", sentence: string) => void;
};

export type ApplyResult =
  | Exclude<ApplyDecision, { kind: "apply" }>
  /** `problems` are sentences on what else failed the run: pools without a usable value, a ledger that takes no write. */
  | { kind: "done"; receipt: Receipt; problems: string[] };

/**
 * Applies every pool of the stack whose committed value differs from the applied one, with the values of the newest
 * head, and puts what became of it into the ledger and onto the scale commits. What Pulumi could not do is in the
 * receipt. Throws `ForgeError`, `LedgerError` and `CheckoutError` before Pulumi was asked for anything.
 */
export async function applyStack(request: ApplyRequest, world: ApplyWorld): Promise<ApplyResult> {
  const startedAtMs = world.clock();
  const { place, checkout } = request;
  // What is new mostly brings something to apply, so the stack's own contract is read beside the repository.
  const ownContract = request.trigger.kind === "other" ? null : readOwn(request);
  // It is awaited where it is needed; where it is not, its failure means nothing.
  ownContract?.catch(() => {});
  const decided = await readDecision(world.forge, place, checkout, request.trigger, world.ledger);
  const { read, entry, history, decision } = decided;
  if (decided.refusal !== null) world.say("warning", refusalSentence(decided.refusal));
  if (decision.kind === "apply" || decision.kind === "full-needed") {
    requireOwnAlias(read.ledger, place, checkout, world.ledger);
    requireSigner(read.ledger, place, world.ledger, world.say);
  }
  // A run of a code change that GitHub dropped for a newer run leaves its code undeployed, and nobody else would say so.
  if (decided.code === "undeployed" && (decision.kind === "apply" || decision.kind === "nothing")) {
    world.say(
      "warning",
      `${undeployedCode(place.baseBranch, entry?.deployed ?? NO_COMMIT)} It needs a full up: the deploy workflow's with \`publish\`, or \`pulumiscale up\`.`,
    );
  }
  if (decision.kind !== "apply" || entry === null) {
    if (decision.kind === "full-needed" && entry !== null && request.engine.config !== "committed-copy")
      await spliceIntoWorkTree(read.head.stackFile, checkout, parseContract(entry.pools).contract);
    if (decision.kind === "nothing" && entry !== null) await renewAttestation(request, world, decided, entry);
    // Nothing that was started here is left running.
    await ownContract?.catch(() => {});
    return decision.kind === "apply" ? { kind: "nothing" } : decision;
  }
  const own = ownContract ?? readOwn(request);
  const previewFirst = (await warnOfChangedFiles(checkout, world)) ? "preview-first" : decision.previewFirst;
  const done = await runEngine(request, world, { ...decided, entry }, own, previewFirst).catch(
    (error: unknown) => {
      // Interrupted before the update began: nothing has happened, so there is nothing to record.
      if (request.engine.signal?.aborted) throw error;
      return failAll(entry, decided, error);
    },
  );
  if (done === null) return { kind: "nothing" };

  const lines = done.lines.map((line) => ({ ...line, message: cleanMessage(line.message, world.redact) }));
  const receipt: Receipt = {
    commit: read.headOid,
    covers: coveredScales(history, stackNames(read.ledger, place)),
    startedAt: new Date(startedAtMs).toISOString(),
    durationSeconds: (world.clock() - startedAtMs) / 1000,
    outcome: outcomeOf(lines),
    pools: lines,
    runUrl: request.runUrl,
  };
  const problems = [...done.problems];
  if (lines.length > 0 && isNews(receipt, entry.receipt)) {
    await recordReceipt(request, world, decided, done.output, receipt).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      problems.push(
        `Pulumi is done (${renderTitle(receipt)}), but the ledger could not be written: ${why} The job needs \`contents: write\`. The next run makes up for it.`,
      );
    });
    const refused = await reportReceipt(
      world.forge,
      place,
      commitReports(receipt, history.commits, place.alias),
    );
    if (refused !== null)
      world.say(
        "warning",
        `The receipt could not be shown beside the commits: ${refused} The job needs \`checks: write\`.`,
      );
  }
  return { kind: "done", receipt, problems: problems.map(world.redact) };
}

/** What the engine's part of an apply answers; `output` is the stack's own contract. */
type EngineWork = { lines: PoolReceipt[]; problems: string[]; output: Record<string, unknown> };

/** A program that differs from its commit is nobody's reviewed code: it is told, and looked at before it is applied. */
async function warnOfChangedFiles(checkout: Checkout, { say }: ApplyWorld): Promise<boolean> {
  const changed = await readChangedFiles(checkout);
  if (changed.length === 0) return false;
  const named = changed.slice(0, 5).join(", ");
  const more = changed.length > 5 ? ` and ${changed.length - 5} more` : "";
  say(
    "warning",
    `The checkout's program differs from its commit (${named}${more}), so a preview comes first. Apply from a clean checkout.`,
  );
  return true;
}

/** Reads the stack's own contract; the Automation API takes a moment to load, so it does while that process runs. */
async function readOwn({ checkout, engine }: ApplyRequest): Promise<OwnContract> {
  const reading = readOwnContract(engine.stack, { ...engine, workDir: checkout.workDir });
  const [own] = await Promise.all([reading, loadAutomation()]);
  return own;
}

async function runEngine(
  { place, checkout, engine }: ApplyRequest,
  world: ApplyWorld,
  decided: ReadDecision & { entry: LedgerEntry },
  reading: Promise<OwnContract>,
  previewFirst: "preview-first" | "at-once",
): Promise<EngineWork | null> {
  const settings = { ...engine, workDir: checkout.workDir };
  const { entry } = decided;
  const own = await reading;
  for (const finding of own.warnings) world.say("warning", formatFinding(finding));
  const { pending, unusable } = findPending(
    own.contract,
    checkout.project,
    decided.read.head.stackFile,
    decided.history,
    entry,
  );
  if (pending.length + unusable.length === 0) return null;
  const named = pending.map(({ pool, from, to }) => `${pool.name} ${from ?? "?"} → ${to}`).join(", ");
  if (pending.length > 0) world.say("info", `Applying ${named}.`);
  const message = formatUpdateMessage(
    stackNames(decided.read.ledger, place),
    pending,
    decided.history.commits,
    retriedScales(entry),
  );
  const lines = await withStackFile(
    engine,
    decided.read.head.stackFile,
    checkout,
    own.contract,
    (stackFile) =>
      applyPools(pending, previewFirst, { ...settings, project: checkout.project, stackFile, message }),
  );
  return {
    lines: [...lines, ...unusable.flatMap(outOfRange)],
    problems: unusable.filter(({ to }) => to === null).map(({ pool, message }) => `${pool.name}: ${message}`),
    output: own.output,
  };
}

/** Pulumi could not even begin: every pending pool is held with the reason, so that alerts pile up no commits. */
function failAll(entry: LedgerEntry, { read, history }: ReadDecision, error: unknown): EngineWork {
  const { contract } = parseContract(entry.pools);
  const { pending } = findPending(contract, entry.project, read.head.stackFile, history, entry);
  const message = error instanceof Error ? error.message : String(error);
  return {
    lines: pending.map(({ pool, from, to }) => ({ pool: pool.name, outcome: "failed", from, to, message })),
    problems: pending.length === 0 ? [message] : [],
    output: entry.pools,
  };
}

async function recordReceipt(
  { place }: ApplyRequest,
  { forge, clock, ledger }: ApplyWorld,
  { read, entry }: ReadDecision,
  pools: Record<string, unknown>,
  receipt: Receipt,
): Promise<void> {
  await updateLedger(forge, place, read.ledger, "apply", ledger, (current) => {
    if (current === null) {
      throw new LedgerError(
        `The ledger's entry of ${place.alias} vanished during the apply, or was replaced by one that does not count, so what was applied is recorded nowhere. Run a full \`pulumi up\` and \`publish\`.`,
      );
    }
    const next = entryAfterApply(current, { pools, receipt, publishedAt: new Date(clock()).toISOString() });
    // Another run of this stack wrote meanwhile, and nobody knows whose update came last. With the older commit, what
    // has moved since then is applied once more.
    const isAlone = entry === null || formatEntry(current) === formatEntry(entry);
    return isAlone ? next : { ...next, commit: entry.commit };
  });
}

function undeployedCode(branch: string, deployed: string): string {
  return deployed === NO_COMMIT
    ? "Which code was deployed last is not known."
    : `The code on ${branch} is not the one that was deployed last (${deployed.slice(0, 7)}).`;
}

/** What is said of an entry that does not count; `refusal` is the judge's. */
export function refusalSentence(refusal: string): string {
  return `${toSentence(refusal)} Until then this stack counts as never published.`;
}

/** An issuer changes its keys: an entry that is signed anew now and then never depends on one that is long gone. */
const RENEW_AFTER_MS = 7 * 24 * 3_600_000;

async function renewAttestation(
  { place }: ApplyRequest,
  { forge, clock, ledger, say }: ApplyWorld,
  { read }: ReadDecision,
  { attestation, publishedAt }: LedgerEntry,
): Promise<void> {
  const isDue = clock() - Date.parse(publishedAt) > RENEW_AFTER_MS;
  const isAsked = ledgerTrust(repositoryFileOf(read.ledger)) === "attested";
  if (attestation === null || ledger.requestToken === null || !isAsked || !isDue) return;
  try {
    await updateLedger(forge, place, read.ledger, "renew", ledger, (current) => {
      if (current === null) throw new LedgerError("it is gone");
      return { ...current, publishedAt: new Date(clock()).toISOString() };
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(
      "warning",
      `The ledger entry of ${place.alias} could not be signed anew: ${why} The next run tries again.`,
    );
  }
}

/** The same pools that failed in the same way, tried again by a schedule, are no news: the ledger would fill with them. */
function isNews(receipt: Receipt, last: Receipt | null): boolean {
  const isOld = (line: PoolReceipt) =>
    isFailure(line.outcome) && last?.pools.some((known) => JSON.stringify(known) === JSON.stringify(line));
  return !receipt.pools.every(isOld) || !receipt.covers.every((commit) => last?.covers.includes(commit));
}

function outOfRange({ pool, from, to, message }: UnusablePool): PoolReceipt[] {
  return to === null ? [] : [{ pool: pool.name, outcome: "out-of-range", from, to, message }];
}

function outcomeOf(lines: readonly PoolReceipt[]): Receipt["outcome"] {
  const failures = lines.filter(({ outcome }) => isFailure(outcome)).length;
  // Not one pool had a usable value: that is in the problems, and nothing was applied.
  if (lines.length === 0) return "failed";
  if (failures === 0) return "applied";
  return failures === lines.length ? "failed" : "partial";
}

/** Scale commits of this stack since the last apply, under its name or a former one, newest first. */
export function coveredScales({ commits }: HistoryRead, stack: StackNames): string[] {
  return commits.flatMap(({ oid, message }) => {
    const named = parseScaleCommit(message)?.alias;
    return named !== undefined && isCalled(stack, named) ? [oid] : [];
  });
}

/** What an apply that failed covered is tried again with the next one, though its commits are no news by then. */
function retriedScales({ receipt }: LedgerEntry): string[] {
  return receipt?.pools.some(({ outcome }) => isFailure(outcome)) ? receipt.covers : [];
}

const LONGEST_MESSAGE = 2000;

function cleanMessage(message: string, redact: Redact): string {
  const clean = redact(cleanOutput(message));
  return clean.length <= LONGEST_MESSAGE ? clean : `${clean.slice(0, LONGEST_MESSAGE - 1)}…`;
}
