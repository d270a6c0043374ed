import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { withFileLock } from "./file-lock.ts";
import { type FileCommitRequest, ForgeError, type StackPlace } from "./forge.ts";
import { isAncestor } from "./is-ancestor.ts";
import { editDiskFile } from "./local-git-disk.ts";
import { healUnderLock, lockFileOf } from "./local-git-heal.ts";
import { type Hooks, openHooks } from "./local-git-hooks.ts";
import { moveWithIndex, writeBlob } from "./local-git-index.ts";
import { type Mover, removeJournal, writeJournal } from "./local-git-journal.ts";
import { moveBranch } from "./local-git-move-branch.ts";
import { moveValues } from "./local-git-moves.ts";
import { pushCommit, readPushTarget } from "./local-git-push.ts";
import { checkReady, type Ready } from "./local-git-ready.ts";
import { withWorkFolder } from "./local-git-work-files.ts";
import type { LocalRepository } from "./local-repository.ts";

/** A commit that no branch holds yet. */
type Made = { oid: string; blobOid: string };

/**
 * Commits one file on exactly the expected head, as `git commit` would: with the person's hooks, identity and signature. Whatever
 * else is staged or edited stays as it is. Answers the commit's id.
 */
export async function commitFile(
  repository: LocalRepository,
  place: StackPlace,
  request: FileCommitRequest,
  { clock, push }: { clock: Clock; push: string | null },
): Promise<string> {
  await mkdir(repository.stateDir, { recursive: true, mode: 0o700 });
  const lock = lockFileOf(repository);
  const ready = await withFileLock(lock, clock, async () => {
    await healUnderLock(repository, place);
    return checkReady(repository, place, request);
  });
  const hooks = await openHooks(repository, ready.hooksFolder);
  const made = await withWorkFolder(repository, clock, (folder) =>
    makeCommit(repository, request, { ready, hooks, folder, clock }),
  );
  if (push !== null) await pushMade(repository, place, request, made, push);
  await withFileLock(lock, clock, () =>
    putOnBranch(repository, place, request, { ready, made, isPushed: push !== null }),
  );
  await hooks.postCommit();
  return made.oid;
}

type Making = { ready: Ready; hooks: Hooks; folder: string; clock: Clock };

async function makeCommit(
  repository: LocalRepository,
  request: FileCommitRequest,
  { ready, hooks, folder, clock }: Making,
): Promise<Made> {
  const { git, root, gitDir } = repository;
  const indexFile = join(folder, "index");
  // What is known of unchanged files comes along, so that hooks need not read each of them again.
  await copyFile(join(gitDir, "index"), indexFile).catch(() => {});
  const inFolder = { cwd: root, env: { GIT_INDEX_FILE: indexFile } };
  const [blobOid] = await Promise.all([
    writeBlob(repository, request.text),
    git.run(["read-tree", "-m", "-i", request.expectedHeadOid], inFolder),
  ]);
  const line = `${ready.entry.mode} ${blobOid}\t${request.path}\0`;
  await git.run(["update-index", "-z", "--index-info"], { ...inFolder, input: line });
  await hooks.preCommit(indexFile);
  const messageFile = join(folder, "COMMIT_EDITMSG");
  const message = await hooks.editMessage(`${request.headline}\n\n${request.body}\n`, messageFile, indexFile);
  const tree = await git.ask(["write-tree"], inFolder);
  await proveTree(repository, request, tree, { ...ready.entry, oid: blobOid });
  const options = ["-c", "i18n.commitEncoding=UTF-8"];
  const oid = await git.ask(
    [...options, "commit-tree", ...(ready.isSigned ? ["-S"] : []), "-p", request.expectedHeadOid, tree],
    { cwd: root, input: message, env: datesOf(clock) },
  );
  return { oid, blobOid };
}

/** A hook may have staged something: what is committed is one file, with exactly the text that was decided. */
async function proveTree(
  { git, root }: LocalRepository,
  { expectedHeadOid, path }: FileCommitRequest,
  tree: string,
  { mode, oid }: { mode: string; oid: string },
): Promise<void> {
  const args = ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", expectedHeadOid, tree];
  const [facts = "", name, ...others] = (await git.ask(args, { cwd: root })).split("\0");
  const isOnlyThis = name === path && others.every((part) => part === "");
  if (isOnlyThis && facts.startsWith(`:${mode} ${mode} `) && facts.endsWith(` ${oid} M`)) return;
  throw new ForgeError(
    "forbidden",
    `The repository's pre-commit hook changed what was to be committed: a scale commit changes the pools' values in ${path} and nothing else. Let the hook leave them.`,
  );
}

/** The remote first: where it has moved, nothing is to be taken back here. */
async function pushMade(
  repository: LocalRepository,
  place: StackPlace,
  { expectedHeadOid }: FileCommitRequest,
  { oid }: Made,
  remote: string,
): Promise<void> {
  const target = await readPushTarget(repository, place.branch, remote);
  await pushCommit(repository, place, target, { oid, expected: expectedHeadOid });
}

/** The branch moves only from the head that was decided on; then the index and the file on disk follow. */
async function putOnBranch(
  repository: LocalRepository,
  { branch }: StackPlace,
  { path, headline, expectedHeadOid }: FileCommitRequest,
  { ready, made, isPushed }: { ready: Ready; made: Made; isPushed: boolean },
): Promise<void> {
  const edit = (text: string) => moveValues(text, ready.moves);
  const locations = ready.moves.map(({ location }) => location);
  const change = { path, from: [ready.entry.oid], to: { ...ready.entry, oid: made.blobOid }, edit };
  const move = { branch, from: expectedHeadOid, to: made.oid, reason: `commit: ${headline}` };
  const unwritten = { commit: made.oid, path, locations };
  const note = (mover: Mover) => writeJournal(repository, { ...unwritten, mover });
  const index = await moveWithIndex(repository, change, async () => {
    await moveBranch(repository, move, note).catch(async (error: unknown) => {
      const isThere = await isAncestor(repository, made.oid, `refs/heads/${branch}`);
      if (!isThere) await removeJournal(repository, made.oid);
      // Pushed before, it may have come back: another process of ours found the remote ahead and followed it.
      if (!isThere || !isPushed) throw error;
    });
  });
  // The commit stands: what does not work now is done with the next one.
  const disk = await editDiskFile(repository, path, edit).then(
    () => "done",
    () => "failed",
  );
  const isWritten = index === "done" && disk === "done";
  // Whoever moved the branch has left no lock: only a note that a kill leaves says who it was.
  await (isWritten ? removeJournal(repository, made.oid) : writeJournal(repository, unwritten)).catch(
    () => {},
  );
}

/** The commit is of the moment in which it was decided, in the machine's own time zone. */
function datesOf(clock: Clock): Record<string, string> {
  const nowMs = clock();
  const minutes = -new Date(nowMs).getTimezoneOffset();
  const zone = `${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0")}${String(Math.abs(minutes) % 60).padStart(2, "0")}`;
  const date = `@${Math.floor(nowMs / 1000)} ${minutes < 0 ? "-" : "+"}${zone}`;
  return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
}
