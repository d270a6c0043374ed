import { appliedValue } from "../domain/applied-value.ts";
import { isFailure, type PoolReceipt, type Receipt } from "../domain/receipt.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { entryAfterPublish } from "../ledger/change-entry.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, HistoryRead } from "./apply-forge.ts";
import { type ApplyRequest, type ApplyWorld, coveredScales, refusalSentence } from "./apply-stack.ts";
import { readStackFileText } from "./checkout.ts";
import { type FormerEntry, isAtPlace, readFormerEntry } from "./former-entry.ts";
import { formerPathsAfter } from "./former-paths.ts";
import { readAll } from "./read-all.ts";
import { formatFinding, type OwnContract, readOwnContract } from "./read-contract.ts";
import { commitReports, reportReceipt } from "./report-receipt.ts";
import { spliceValues } from "./splice-values.ts";
import { stackNames } from "./stack-names.ts";
import { readTrustedEntry, requireOwnAlias, requireSigner } from "./trusted-entry.ts";
import { updateLedger } from "./update-ledger.ts";
import { hashToken, readWebhookSecrets } from "./webhook-secrets.ts";

export type PublishRequest = Pick<ApplyRequest, "place" | "checkout" | "engine" | "runUrl">;

/** `hide` takes a secret out of everything that is printed from now on. */
export type PublishWorld = ApplyWorld & { hide: (secret: string) => void };

/**
 * Publishes a stack after its full up: the contract, the values of the work tree as applied, its commit as deployed,
 * and the hashes of the webhook secrets. Throws `ContractError`, `WebhookSecretError`, `PulumiReadError`,
 * `CheckoutError`, `LedgerError`, `ForgeError`, and `SeveralMissingError` for several of these.
 */
export async function publishStack(request: PublishRequest, world: PublishWorld): Promise<LedgerEntry> {
  const startedAtMs = world.clock();
  const { place, checkout, engine } = request;
  const settings = { ...engine, workDir: checkout.workDir };
  const reading = world.forge.readHead(place, []);
  const [own, secrets, text, read] = await readAll([
    readOwnContract(engine.stack, settings),
    readWebhookSecrets(engine.stack, settings),
    readStackFileText(checkout),
    reading,
    reading.then(({ ledger }) => requireOwnAlias(ledger, place, checkout, world.ledger)),
    reading.then(({ ledger }) => requireSigner(ledger, place, world.ledger, world.say)),
  ]);
  for (const secret of secrets) world.hide(secret);
  for (const finding of own.warnings) world.say("warning", formatFinding(finding));
  const applied = readApplied(own, text, checkout.project, world);
  const { entry: standing, refusal } = await readTrustedEntry(read.ledger, place, world.ledger);
  if (refusal !== null) world.say("warning", refusalSentence(refusal));

  // An `apply` before the full up has put the newest head's values into the work tree, so those were deployed.
  const isNewest = spliceValues(text, read.head.stackFile, own.contract, checkout.project) === text;
  const commit = isNewest ? read.headOid : checkout.commit;
  const isHere = standing !== null && isAtPlace(standing, place, checkout.stack);
  const former = isHere
    ? null
    : await readFormerEntry(world.forge, read.ledger, place, { ...checkout, commit }, world.ledger);
  const last = former?.entry ?? standing;
  // An entry under a former name stays, and goes on saying it there.
  const formerPaths =
    read.ledger.text === null ? {} : formerPathsAfter(isHere ? standing : (former?.entry ?? null), place);
  await warnIfOlder(world, place, checkout.commit, last);
  const history = withBefore(await readSince(world.forge, place, commit, last), former);
  const receipt: Receipt = {
    commit,
    covers: coveredScales(history, stackNames(read.ledger, place)),
    startedAt: new Date(startedAtMs).toISOString(),
    durationSeconds: (world.clock() - startedAtMs) / 1000,
    outcome: "applied",
    pools: changedPools(own, applied, last),
    runUrl: request.runUrl,
  };
  const entry = await updateLedger(world.forge, place, read.ledger, "publish", world.ledger, () =>
    entryAfterPublish({
      project: checkout.project,
      stack: checkout.stack,
      dir: checkout.dir,
      ...formerPaths,
      pools: own.output,
      applied,
      deployed: checkout.commit,
      commit,
      publishedAt: new Date(world.clock()).toISOString(),
      tokenHashes: secrets.map(hashToken),
      receipt,
    }),
  );
  const refused = await reportReceipt(
    world.forge,
    place,
    commitReports(receipt, history.commits, place.alias),
  );
  if (refused !== null) world.say("warning", `The receipt could not be shown beside the commits: ${refused}`);
  return entry;
}

/** What the full up has applied: the work tree's values. A pool without a usable one is named, and cannot scale. */
function readApplied(
  own: OwnContract,
  text: string,
  project: string,
  { say }: PublishWorld,
): Record<string, number> {
  const applied: Record<string, number> = {};
  for (const pool of own.contract.values()) {
    const value = readPoolValue(text, { ...pool.location, project });
    if (value.kind === "value") applied[pool.name] = value.value;
    else say("warning", `pulumiscale.${pool.name}: ${value.refusal.message}`);
  }
  return applied;
}

/**
 * A run of an older commit (one that was started again, say) has put older code in place. The ledger says so, since it
 * is what the next apply compares the head with; but nobody should have to find that out.
 */
async function warnIfOlder(
  { forge, say }: PublishWorld,
  place: DeployPlace,
  commit: string,
  last: LedgerEntry | null,
): Promise<void> {
  if (last?.deployed == null || last.deployed === commit) return;
  const isNewer = await forge.includes(place, commit, last.deployed).catch(() => false);
  if (isNewer) return;
  say(
    "warning",
    `This publishes ${commit.slice(0, 7)} as deployed, which does not have the commit deployed before it, ${last.deployed.slice(0, 7)}: an older run was started again, or history was rewritten. ` +
      "Until the newest code is deployed, every apply previews first and carries nothing unexpected along. Run the deploy workflow on the newest commit.",
  );
}

async function readSince(
  forge: ApplyForge,
  place: DeployPlace,
  commit: string,
  last: LedgerEntry | null,
): Promise<HistoryRead> {
  if (last === null || last.commit === commit) return { commits: [], isComplete: true, states: new Map() };
  return forge.readHistory(place, commit, last.commit, []);
}

/** A commit that has moved the file is one of both paths. */
function withBefore(history: HistoryRead, former: FormerEntry | null): HistoryRead {
  const known = new Set(history.commits.map(({ oid }) => oid));
  const before = (former?.before ?? []).filter(({ oid }) => !known.has(oid));
  return { ...history, commits: [...history.commits, ...before] };
}

/** The pools that this full up has moved, or mended. */
function changedPools(
  own: OwnContract,
  applied: Readonly<Record<string, number>>,
  last: LedgerEntry | null,
): PoolReceipt[] {
  if (last === null) return [];
  const lines: PoolReceipt[] = [];
  for (const pool of own.contract.values()) {
    const from = appliedValue(last, pool);
    const to = applied[pool.name];
    const failed = last.receipt?.pools.some(
      ({ pool: name, outcome }) => name === pool.name && isFailure(outcome),
    );
    if (to !== undefined && (from !== to || failed))
      lines.push({ pool: pool.name, outcome: "applied", from, to, message: "" });
  }
  return lines;
}
