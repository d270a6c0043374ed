import { access } from "node:fs/promises";
import { join } from "node:path";
import { formatPoolLocation } from "../domain/stack-config-key.ts";
import { editPoolValues } from "../domain/stack-file.ts";
import { type FileCommitRequest, ForgeError, type StackPlace } from "./forge.ts";
import { readDiskFile } from "./local-git-disk.ts";
import type { Move } from "./local-git-moves.ts";
import { isPlainFile, readFiles, readTreeEntry, type TreeEntry } from "./local-git-objects.ts";
import { findUncommitted } from "./local-git-uncommitted.ts";
import type { LocalRepository } from "./local-repository.ts";

/** What a commit starts from. */
export type Ready = {
  /** The stack file at the head. */
  entry: TreeEntry;
  moves: Move[];
  /** Where git looks for hooks: absolute, or from the top of the work tree. */
  hooksFolder: string;
  isSigned: boolean;
};

/** Says whether the work tree takes a commit now. Throws `ForgeError` with what a person should do where it does not. */
export async function checkReady(
  repository: LocalRepository,
  place: StackPlace,
  request: FileCommitRequest,
): Promise<Ready> {
  const { expectedHeadOid, path } = request;
  await checkNothingUnderWay(repository);
  const [head, entry, isSigned] = await Promise.all([
    readHead(repository),
    readTreeEntry(repository, expectedHeadOid, path),
    readIsSigned(repository),
    checkNothingUnmerged(repository, expectedHeadOid),
  ]);
  checkHead(head, place, expectedHeadOid);
  if (entry === null || !isPlainFile(entry))
    throw new ForgeError(
      "not-found",
      `${path} is no plain file at ${expectedHeadOid.slice(0, 12)}. Commit it.`,
    );
  const file = (await readFiles(repository, [entry.oid])).get(entry.oid);
  if (file?.kind !== "text")
    throw new ForgeError("not-found", `${path} cannot be read at the branch's head.`);
  const moves = checkEdits(file.text, request);
  await checkDisk(repository, file.text, request);
  return { entry, moves, hooksFolder: head.hooksFolder, isSigned };
}

type Head = { oid: string; ref: string; hooksFolder: string };

async function readHead({ git, root }: LocalRepository): Promise<Head> {
  const args = ["rev-parse", "HEAD", "--symbolic-full-name", "HEAD", "--git-path", "hooks"];
  const [oid = "", ref = "", ...hooks] = (await git.ask(args, { cwd: root })).split("\n");
  return { oid, ref, hooksFolder: hooks.join("\n") };
}

function checkHead({ oid, ref }: Head, { branch }: StackPlace, expected: string): void {
  if (ref === "HEAD") {
    throw new ForgeError(
      "forbidden",
      `No branch is checked out (detached HEAD), and scaling commits to ${branch}. Run: git switch ${branch}.`,
    );
  }
  if (ref !== `refs/heads/${branch}`) {
    throw new ForgeError(
      "forbidden",
      `${ref.replace(/^refs\/heads\//, "")} is checked out, and scaling commits to ${branch}. Run: git switch ${branch}.`,
    );
  }
  if (oid !== expected) throw new ForgeError("conflict", `${branch} has moved since it was read.`);
}

/** What git is in the middle of, by the files that it keeps meanwhile. */
const UNDER_WAY: readonly [string, string][] = [
  ["MERGE_HEAD", "A merge"],
  ["CHERRY_PICK_HEAD", "A cherry-pick"],
  ["REVERT_HEAD", "A revert"],
  ["sequencer", "A cherry-pick or revert"],
  ["rebase-merge", "A rebase"],
  ["rebase-apply", "A rebase or `git am`"],
  ["BISECT_LOG", "A bisect"],
];

async function checkNothingUnderWay({ gitDir }: LocalRepository): Promise<void> {
  for (const [name, what] of UNDER_WAY) {
    const isThere = await access(join(gitDir, name)).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    throw new ForgeError(
      "unavailable",
      `${what} is in progress in the work tree, and a commit in between would become part of it. Finish or abort it.`,
    );
  }
}

async function checkNothingUnmerged({ git, root }: LocalRepository, commit: string): Promise<void> {
  const args = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--diff-filter=U", commit, "--"];
  if ((await git.ask(args, { cwd: root })) === "") return;
  throw new ForgeError(
    "unavailable",
    "The index has files with unresolved conflicts. Resolve them (`git status` lists them) and commit.",
  );
}

async function readIsSigned({ git, root }: LocalRepository): Promise<boolean> {
  const args = ["config", "--type=bool", "--default=false", "--get", "commit.gpgsign"];
  return (await git.ask(args, { cwd: root })) === "true";
}

/** The new text is to be the old one with these values, and nothing else. */
function checkEdits(text: string, request: FileCommitRequest): Move[] {
  const edited = editPoolValues(text, request.edits);
  if (edited.kind === "refused")
    throw new ForgeError("forbidden", `${request.path}: ${edited.refusal.message}`);
  if (edited.text !== request.text) {
    throw new ForgeError(
      "forbidden",
      `The new text of ${request.path} differs from the committed one in more than pool values, so it was not committed.`,
    );
  }
  return edited.changes.map(({ location, from, to }) => ({ location, from: [from], to }));
}

async function checkDisk(
  repository: LocalRepository,
  committed: string,
  request: FileCommitRequest,
): Promise<void> {
  const { path, edits } = request;
  const { file } = await readDiskFile(repository, path);
  if (file.kind !== "text") {
    const what = file.kind === "missing" ? "is not in the work tree" : `cannot be used: ${file.message}`;
    throw new ForgeError("forbidden", `${path} ${what}. Bring it back with: git restore ${path}.`);
  }
  const locations = edits.map(({ location }) => location);
  const first = findUncommitted(committed, file.text, locations)[0];
  if (first === undefined) return;
  throw new ForgeError(
    "forbidden",
    `"${formatPoolLocation(first.location)}" is ${first.found ?? "no usable value"} in the work tree's ${path} and ` +
      `${first.committed} in the commit it stands on: somebody has edited it. Commit that, or take it back with: git restore ${path}.`,
  );
}
