import { parseScaleCommit, type Scale, type ScaleCommit } from "../domain/scale-commit.ts";
import type { ScaleBranch } from "../domain/snapshot.ts";
import { scaleAlias } from "../forge/forge.ts";
import { allowed, type GivenCommand, type Sentence, type ServedStack, say } from "./given-command.ts";

/** Our own open scale pull request that a command was written on, by somebody who may. */
export type ScalePull = {
  kind: "pull";
  stack: ServedStack;
  branch: ScaleBranch;
  branchName: string;
  /** It may wait for an approval: over a threshold, or what takes a failed apply back. */
  isGated: boolean;
  /** What the head of the branch says; undefined where that is none of our words. */
  commit: ScaleCommit | undefined;
  /** The first of its scales. */
  scale: Scale | undefined;
};

/** Finds the scale pull request that a command was written on, or says why it is none or is none of theirs. */
export async function findScalePull(
  given: GivenCommand,
  served: readonly ServedStack[],
): Promise<ScalePull | Sentence> {
  const pull = await given.readPull();
  const alias = pull === null ? null : scaleAlias(pull.branch);
  const stack = served.find(({ name }) => name.alias === alias);
  const none = () =>
    allowed(given, { alias, change: null }) ??
    say("❓ This command is for an open scale pull request of PulumiScale; write it there.");
  if (pull === null || stack === undefined || !pull.isOpen) return none();
  stack.context.snapshots.invalidate();
  const snapshot = await stack.context.snapshots.get();
  const isMeant = (branch: ScaleBranch | null) => branch?.pull?.number === given.issue;
  const gated = [...snapshot.gated.values()].find(isMeant);
  const revert = [...snapshot.reverts.values()].find(isMeant);
  const branch = gated ?? revert ?? (isMeant(snapshot.inRange) ? snapshot.inRange : null);
  // A pull request of somebody else's on a branch of our name is none of ours.
  if (branch === null) return none();
  const commit = parseScaleCommit(branch.headMessage);
  const scale = commit?.scales[0];
  const change = scale === undefined ? null : { from: scale.from, to: scale.to };
  const denied = allowed(given, { alias: stack.name.alias, change });
  const isGated = branch !== snapshot.inRange;
  return denied ?? { kind: "pull", stack, branch, branchName: pull.branch, isGated, commit, scale };
}
