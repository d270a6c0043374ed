import { createHash } from "node:crypto";
import { type GuardedStack, type GuardVerdict, judgeGuard, NO_POOL_TOUCHED } from "../domain/guard.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { StackFile } from "../domain/snapshot.ts";
import type {
  BaseFile,
  GuardCheck,
  GuardDiff,
  GuardForge,
  GuardReport,
  GuardSubject,
  GuardUrgency,
  MergeGroup,
  PullHead,
} from "../forge/guard-forge.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import { TryAgainError } from "./scaling.ts";

/** What a repository's heads are judged by. */
export type GuardedRepository = {
  stacks: readonly ScaleContext[];
  /** Why there may be stack files that nobody knows of; null where all are known. */
  blind: string | null;
};

/** `again` writes even what stands there already: somebody asked for a new run. */
export type Judging = {
  forge: GuardForge;
  repository: GuardedRepository;
  mode: "as-needed" | "again";
  urgency: GuardUrgency;
};

export type Judged =
  | { kind: "judged"; touches: GuardVerdict["touches"]; verdict: GuardVerdict["kind"] }
  /** Merged or closed: nothing is reported there any more. */
  | { kind: "gone" };

/**
 * Judges one head of an open pull request and reports. A head is held against the base branch of every stack, whatever branch its
 * pull request goes to: the check run is the commit's, so a success for one pull request would be one for the next of the same
 * commit. `pushedBy`: the person who is known to have pushed the head, or opened the pull request with it.
 */
export async function judgePullRequest(
  judging: Judging,
  head: PullHead,
  pushedBy: string | null,
): Promise<Judged> {
  const { forge, repository } = judging;
  const files = repository.stacks.map(({ place }): BaseFile => ({ branch: place.branch, path: place.path }));
  const subject = await forge.readSubject(head, files);
  if (!subject.isOpen) return { kind: "gone" };
  const pusher = pushedBy ?? readMark(subject.check).pushedBy;
  const touched: Touched[] = [];
  for (const [branch, stacks] of groupByBranch(repository.stacks, subject.differing)) {
    const baseOid = subject.branches.get(branch);
    if (baseOid == null) continue;
    const diff = await forge.readDiff(head, baseOid);
    touched.push(
      ...stacks
        .filter(({ place }) => diff.paths?.has(place.path) ?? true)
        .map((stack) => ({ stack, baseOid, diff })),
    );
  }
  const unseen =
    repository.blind === null ? [] : await findUnseen(forge, head, subject, repository, repository.blind);
  const diffs = touched.map(({ diff }) => diff);
  const approvable = async () => ({ headOid: head.headOid, pusher, diffs });
  const judged = await judge(forge, head, { subject, touched, unseen, approvable });
  return judged === null ? { kind: "gone" } : report(judging, head, { verdict: judged, subject, pusher });
}

/** Judges what the merge queue would put onto the base branch. A group cannot wait: whoever is behind it in the queue would too. */
export async function judgeMergeGroup(judging: Judging, group: MergeGroup): Promise<Judged> {
  const { forge, repository } = judging;
  const subject = await forge.readSubject(group, []);
  if (!subject.isOpen) return { kind: "gone" };
  const { baseOid } = group;
  const diff = await forge.readDiff(group, baseOid);
  const touched = repository.stacks
    .filter(({ place }) => place.branch === group.branch && (diff.paths?.has(place.path) ?? true))
    .map((stack) => ({ stack, baseOid, diff }));
  const unseen = unseenFiles(diff, repository, repository.blind);
  // Who has written and signed the group's own commits says nothing of those that it merges.
  const approvable = async (headOid: string) => {
    const head = { ...group, headOid };
    const [{ check }, ofHead] = await Promise.all([
      forge.readSubject(head, []),
      forge.readDiff(head, baseOid),
    ]);
    return { headOid, pusher: readMark(check).pushedBy, diffs: [ofHead] };
  };
  const verdict = await judge(forge, group, { subject, touched, unseen, approvable });
  if (verdict === null) return { kind: "gone" };
  const final: GuardVerdict = verdict.kind === "waiting" ? { ...verdict, kind: "failure" } : verdict;
  return report(judging, group, { verdict: final, subject, pusher: null });
}

type Touched = { stack: ScaleContext; baseOid: string; diff: GuardDiff };

type Evidence = {
  subject: GuardSubject;
  touched: readonly Touched[];
  unseen: readonly GuardedStack[];
  /** The commit that an approval has to be of, who pushed it, and what it changes, by the head that the pull request has now. */
  approvable: (
    pullHeadOid: string,
  ) => Promise<{ headOid: string; pusher: string | null; diffs: readonly GuardDiff[] }>;
};

/** Null where the pull request was merged or closed meanwhile. */
async function judge(
  forge: GuardForge,
  head: PullHead,
  { subject, touched, unseen, approvable }: Evidence,
): Promise<GuardVerdict | null> {
  if (touched.length === 0 && unseen.length === 0) return NO_POOL_TOUCHED;
  const places = touched.flatMap(({ stack: { place }, baseOid, diff }) =>
    [diff.mergeBaseOid, baseOid, head.headOid].map((oid) => ({ oid, path: place.path })),
  );
  const { isOpen, headOid: pullHeadOid, reviews, texts } = await forge.readTexts(head, places);
  if (!isOpen) return null;
  const stacks = [...unseen];
  for (const [index, { stack }] of touched.entries()) {
    const [before, base, after] = texts.slice(index * 3, index * 3 + 3);
    if (before === undefined || base === undefined || after === undefined || isSameFile(before, after))
      continue;
    stacks.push(await guardedStack(stack, before, base, after));
  }
  const { headOid, pusher, diffs: approved } = await approvable(pullHeadOid);
  const diffs = [...touched.map(({ diff }) => diff), ...approved];
  const scaleCommits = diffs.flatMap(({ headMessage }) => parseScaleCommit(headMessage)?.requestedBy ?? []);
  const persons = [subject.author, pusher].filter((login) => login !== null);
  const requesters = [...persons, ...diffs.flatMap(({ writers }) => writers), ...scaleCommits];
  return judgeGuard({
    headOid,
    stacks,
    reviews,
    requesters: [...new Set(requesters.filter((login) => login !== ""))],
    doubt: doubtOf(approved, pusher),
  });
}

/** A commit's author is whoever its writer says; only a signature, or who pushed it, tells for sure. */
function doubtOf(diffs: readonly GuardDiff[], pusher: string | null): string | null {
  if (diffs.some(({ isComplete }) => !isComplete))
    return "it has too many commits to know who wrote them; squash them";
  if (diffs.some(({ isByBot }) => isByBot))
    return "a bot has written a commit of it, for a person who is not known; make that commit yourself";
  if (pusher !== null || diffs.every(({ isSigned }) => isSigned)) return null;
  return "who pushed this commit is not known; push once more, or sign the commits";
}

async function guardedStack(
  context: ScaleContext,
  before: StackFile,
  base: StackFile,
  after: StackFile,
): Promise<GuardedStack> {
  const { alias, project } = context.place;
  try {
    const { record } = readSituation(context, await context.snapshots.get());
    return {
      kind: "known",
      alias,
      project,
      contract: record.contract,
      policy: record.policy,
      before,
      base,
      after,
    };
  } catch (error) {
    if (!(error instanceof TryAgainError)) throw error;
    return { kind: "unknown", alias, message: error.message };
  }
}

/** Any stack file of Pulumi's, of a stack that is not known. */
const STACK_FILE = /(^|\/)Pulumi\.[^/]+\.ya?ml$/;

async function findUnseen(
  forge: GuardForge,
  head: PullHead,
  { baseBranch }: GuardSubject,
  repository: GuardedRepository,
  blind: string,
): Promise<GuardedStack[]> {
  return unseenFiles(await forge.readDiff(head, baseBranch), repository, blind);
}

function unseenFiles(
  { paths }: GuardDiff,
  { stacks }: GuardedRepository,
  blind: string | null,
): GuardedStack[] {
  if (blind === null) return [];
  const known = new Set(stacks.map(({ place }) => place.path));
  const touches = paths === null || [...paths].some((path) => STACK_FILE.test(path) && !known.has(path));
  return touches ? [{ kind: "unknown", alias: "?", message: blind }] : [];
}

function groupByBranch(
  stacks: readonly ScaleContext[],
  differing: readonly BaseFile[],
): Map<string, ScaleContext[]> {
  const groups = new Map<string, ScaleContext[]>();
  for (const stack of stacks) {
    const { branch, path } = stack.place;
    if (!differing.some((file) => file.branch === branch && file.path === path)) continue;
    groups.set(branch, [...(groups.get(branch) ?? []), stack]);
  }
  return groups;
}

function isSameFile(a: StackFile, b: StackFile): boolean {
  return a.kind === b.kind && (a.kind !== "text" || (b.kind === "text" && a.text === b.text));
}

async function report(
  { forge, mode, urgency }: Judging,
  head: PullHead,
  { verdict, subject, pusher }: { verdict: GuardVerdict; subject: GuardSubject; pusher: string | null },
): Promise<Judged> {
  const { kind: state, title, summary, touches } = verdict;
  const mark = formatMark({ touches, hash: hashOf(state, title, summary), pushedBy: pusher });
  const { check } = subject;
  const wanted: GuardReport = { state, title, summary, mark };
  if (mode === "again") await forge.report(head, wanted, null, urgency);
  else if (check === null || check.state !== state || check.mark !== mark)
    await forge.report(head, wanted, check, urgency);
  return { kind: "judged", touches, verdict: state };
}

/** What stands beside a check run for the next one who judges: what the verdict was, and who pushed the head. */
type Mark = { touches: GuardVerdict["touches"] | null; hash: string; pushedBy: string | null };

export function readMark(check: GuardCheck | null): Mark {
  const [touches = "", hash = "", pushedBy = ""] = (check?.mark ?? "").split(" ");
  return {
    touches: touches === "pools" || touches === "nothing" ? touches : null,
    hash,
    pushedBy: pushedBy === "" ? null : pushedBy,
  };
}

function formatMark({ touches, hash, pushedBy }: Mark): string {
  return [touches, hash, pushedBy ?? ""].join(" ").trim();
}

function hashOf(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
