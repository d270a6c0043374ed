import { cleanLine } from "../domain/clean-text.ts";
import { REVERT_LABEL } from "../domain/labels.ts";
import type { PoolReceipt } from "../domain/receipt.ts";
import type { OnFailure } from "../domain/repository-file.ts";
import { formatScaleTrailers } from "../domain/scale-commit.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { type Forge, type OpenedPull, revertBranch, type StackPlace } from "../forge/forge.ts";
import { commitOfScale } from "./commit-of-scale.ts";
import type { PreparedScale, ScaleDecision } from "./prepare-scale.ts";
import { renderCode } from "./render-code.ts";
import { renderCommit } from "./render-scale.ts";

export type FailedApply = {
  line: PoolReceipt;
  /** The workflow run's page, as the receipt has it. */
  runUrl: string | null;
  onFailure: OnFailure;
  prefix: string;
};

/** Opens the pull request that puts a pool's old value back, or makes the open one stand on the newest head. */
export function openRevertPull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  prepared: PreparedScale,
  decision: ScaleDecision,
  failed: FailedApply,
): Promise<OpenedPull> {
  const { pool } = decision.intent;
  const message = renderCommit(prepared, [decision], failed.prefix);
  const commit = commitOfScale(place, snapshot, prepared, { urgency: "other", ...message });
  return forge.openPull(place, commit, {
    current: snapshot.reverts.get(pool) ?? null,
    repositoryNumber: snapshot.repositoryNumber,
    branch: revertBranch(place.alias, pool),
    title: message.headline,
    body: renderBody(place, prepared, decision, failed),
    labels: [REVERT_LABEL],
  });
}

function renderBody(
  place: StackPlace,
  prepared: PreparedScale,
  { intent, from, to }: ScaleDecision,
  { line, runUrl, onFailure }: FailedApply,
): string {
  const run = isRun(runUrl, place) ? ` [The run](${runUrl}) says more.` : "";
  const said = line.message === "" ? "" : `: ${cleanLine(line.message, 240)}`;
  const next =
    onFailure === "revert"
      ? "It merges by itself as soon as the repository lets it."
      : `Approve or merge it to go back to ${to}, or close it to keep ${from}.`;
  return [
    `${renderCode(intent.pool)} could not be applied at ${from} (${line.outcome}${said}).${run}`,
    `This puts back ${to}, which was applied before, in ${renderCode(place.path)}, and changes nothing else. ${next} It is closed once ${from} is applied after all, or the value is another one.`,
    formatScaleTrailers(prepared.commit),
  ].join("\n\n");
}

/** Only a run of this very repository is linked: a ledger that trusts its writers may name anything. */
function isRun(url: string | null, { owner, repo }: StackPlace): url is string {
  const match =
    /^https?:\/\/[A-Za-z0-9.:-]{1,200}\/([^/]{1,100})\/([^/]{1,100})\/actions\/runs\/\d{1,20}$/.exec(
      url ?? "",
    );
  return match?.[1]?.toLowerCase() === owner.toLowerCase() && match[2]?.toLowerCase() === repo.toLowerCase();
}
