import type { z } from "zod";
import type { Clock } from "../clock.ts";
import { controlsPath } from "../domain/controls.ts";
import type { MergeMethod, ScaleBranch, Snapshot, StackFile } from "../domain/snapshot.ts";
import { entryPath, LEDGER_BRANCH } from "../ledger/entry.ts";
import { approvalBranch, ForgeError, inRangeBranch, revertBranch, type StackPlace } from "./forge.ts";
import { askGraphql } from "./github-ask.ts";
import { readBlobText, readEntryText } from "./github-blob.ts";
import { type HistoryCursors, readGitHubHistory } from "./github-file-history.ts";
import { formerFields } from "./github-former-fields.ts";
import { formerPathFields } from "./github-former-paths.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { readRejected } from "./github-rejected.ts";
import { type HeadReading, type ScaleBranchAnswer, scaleBranch } from "./github-scale-heads.ts";
import { type FileAnswer, FileEntry } from "./github-snapshot-file.ts";
import { HISTORY_AT_QUERY, snapshotQuery } from "./github-snapshot-query.ts";
import { type HistoryAnswer, HistoryAtAnswer, SnapshotAnswer } from "./github-snapshot-schema.ts";

const COMMITS_PER_PAGE = 20;

/**
 * Reads a snapshot: one GraphQL request, and one more for each further page of a stack file that changed more than
 * twenty times within the window, at one of its paths, and for a merge that has moved it there.
 */
export async function readGitHubSnapshot(
  client: GitHubClient,
  place: StackPlace,
  historyWindowMs: number,
  clock: Clock,
  markKey: Buffer,
): Promise<Snapshot> {
  const readAtMs = clock();
  const first = await readPage(client, place, { own: null, formers: [] });
  const { repository } = first;
  if (repository.base === null) {
    throw new ForgeError(
      "not-found",
      `The branch ${place.branch} is not in ${place.owner}/${place.repo}; name the base branch in .github/pulumiscale.yml.`,
    );
  }
  const base = repository.base.target;
  const viewer = first.viewer.login;
  const read = (entry: FileAnswer) => readEntryText(client, place, entry);
  const history = await readGitHubHistory(base, place, {
    read,
    readMore: async (cursors) => (await readPage(client, place, cursors)).repository.base?.target ?? null,
    readAt: (oid, path) => readHistoryAt(client, place, oid, path),
    sinceMs: readAtMs - historyWindowMs,
  });
  const repositoryNumber = String(repository.databaseId);
  const reading = { place, repositoryNumber, viewer, markKey, read };
  const { inRange } = repository;
  return {
    readAtMs,
    repositoryId: repository.id,
    headOid: base.oid,
    file: await read(base.file),
    history,
    inRange: inRange === null ? null : await scaleBranch(inRange, inRangeBranch(place.alias), reading),
    gated: await byPool(repository.gated, approvalBranch(place.alias, ""), reading),
    reverts: await byPool(repository.reverts, revertBranch(place.alias, ""), reading),
    rejected: readRejected(repository, place, { viewer, markKey }),
    repositoryNumber,
    ledgerEntry: textOf(await read(repository.ledger?.target.file ?? null)),
    earlierLedgerEntries: (repository.ledger?.target.history.nodes ?? [])
      .slice(1)
      .flatMap(({ file }) => file?.object?.text ?? []),
    ledgerHeadOid: repository.ledger?.target.oid ?? null,
    controls: {
      repository: await read(repository.ledger?.target.allControls ?? null),
      stack: await readControls(repository.ledger, place, read),
    },
    repositoryFile:
      repository.repositoryFile === null
        ? { kind: "missing" }
        : await readBlobText(client, place, repository.repositoryFile),
    mergeMethods: mergeMethods(repository),
  };
}

async function readPage(
  client: GitHubClient,
  place: StackPlace,
  cursors: HistoryCursors,
): Promise<SnapshotAnswer> {
  const former = formerFields(place);
  const paths = formerPathFields(place);
  const answer = await askGraphql(client, snapshotQuery(former, paths), {
    ...Object.fromEntries([
      ...former.flatMap(({ alias, controls, closed }) => [
        [controls, controlsPath({ kind: "stack", alias })],
        [closed, inRangeBranch(alias)],
      ]),
      ...paths.flatMap(({ path, pathVariable, cursorVariable }, index) => [
        [pathVariable, path],
        [cursorVariable, cursors.formers[index] ?? null],
      ]),
    ]),
    owner: place.owner,
    repo: place.repo,
    base: `refs/heads/${place.branch}`,
    path: place.path,
    ledger: `refs/heads/${LEDGER_BRANCH}`,
    ledgerPath: entryPath(place.alias),
    controlsPath: controlsPath({ kind: "stack", alias: place.alias }),
    allControlsPath: controlsPath({ kind: "repository" }),
    inRange: `refs/heads/${inRangeBranch(place.alias)}`,
    inRangeName: inRangeBranch(place.alias),
    gated: `refs/heads/${approvalBranch(place.alias, "")}`,
    reverts: `refs/heads/${revertBranch(place.alias, "")}`,
    commits: COMMITS_PER_PAGE,
    after: cursors.own,
  });
  return parseAnswer(SnapshotAnswer, answer);
}

async function readHistoryAt(
  client: GitHubClient,
  { owner, repo }: StackPlace,
  oid: string,
  path: string,
): Promise<HistoryAnswer | null> {
  const variables = { owner, repo, oid, path, commits: COMMITS_PER_PAGE };
  const { repository } = parseAnswer(HistoryAtAnswer, await askGraphql(client, HISTORY_AT_QUERY, variables));
  return repository.at?.history ?? null;
}

function parseAnswer<T>(Answer: z.ZodType<T>, answer: unknown): T {
  const parsed = Answer.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") ?? "";
  throw new ForgeError(
    "unavailable",
    `GitHub's answer to the snapshot query is not as expected at ${where}: ${issue?.message}.`,
  );
}

/** What was paused or pinned under a former name holds until a file of the name of now says anything. */
async function readControls(
  ledger: SnapshotAnswer["repository"]["ledger"],
  place: StackPlace,
  read: Read,
): Promise<StackFile> {
  const answers = [
    ledger?.target.controls ?? null,
    ...formerFields(place).map(({ controls }) => FileEntry.parse(ledger?.target[controls] ?? null)),
  ];
  for (const answer of answers) {
    const file = await read(answer);
    if (file.kind !== "missing") return file;
  }
  return { kind: "missing" };
}

type Read = (entry: FileAnswer) => Promise<StackFile>;

/** Branches of ours by the pool that they are of. `Ref.name` leaves out the prefix that was asked for, or only `refs/heads/`: both are taken. */
async function byPool(
  branches: SnapshotAnswer["repository"]["gated"],
  prefix: string,
  reading: HeadReading,
): Promise<Map<string, ScaleBranch>> {
  const read = async (branch: ScaleBranchAnswer): Promise<[string, ScaleBranch]> => {
    const pool = branch.name.startsWith(prefix) ? branch.name.slice(prefix.length) : branch.name;
    return [pool, await scaleBranch(branch, `${prefix}${pool}`, reading)];
  };
  return new Map(await Promise.all((branches?.nodes ?? []).map(read)));
}

function mergeMethods(repository: SnapshotAnswer["repository"]): MergeMethod[] {
  const methods: MergeMethod[] = [];
  if (repository.squashMergeAllowed) methods.push("squash");
  if (repository.mergeCommitAllowed) methods.push("merge");
  if (repository.rebaseMergeAllowed) methods.push("rebase");
  return methods;
}

function textOf(file: StackFile): string | null {
  return file.kind === "text" ? file.text : null;
}
