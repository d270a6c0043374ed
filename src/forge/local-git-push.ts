import { mkdir } from "node:fs/promises";
import { systemClock } from "../clock.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import { withFileLock } from "./file-lock.ts";
import { ForgeError, type StackPlace } from "./forge.ts";
import { GitError } from "./git.ts";
import { quoteWords, toForgeError } from "./local-git-errors.ts";
import { healUnderLock, lockFileOf } from "./local-git-heal.ts";
import type { LocalRepository } from "./local-repository.ts";

/** Where a branch's commits go: the remote, the branch's full name there, and what is known of it here. */
export type PushTarget = { remote: string; ref: string; tracking: string; branch: string };

const NETWORK_TIMEOUT_MS = 30_000;

/** The branch of the remote that the local branch follows; one of the same name where it follows none there. */
export async function readPushTarget(
  { git, root }: LocalRepository,
  branch: string,
  remote: string,
): Promise<PushTarget> {
  const format = "--format=%(upstream:remotename)%00%(upstream:remoteref)%00%(upstream)";
  const answer = await git.ask(["for-each-ref", format, `refs/heads/${branch}`], { cwd: root });
  const [upstream, ref = "", tracking = ""] = answer.split("\0");
  return upstream === remote && ref !== "" && tracking.startsWith("refs/remotes/")
    ? { remote, branch, ref, tracking }
    : { remote, branch, ref: `refs/heads/${branch}`, tracking: `refs/remotes/${remote}/${branch}` };
}

/**
 * Puts a commit of ours on the remote's branch, if that still stands where `expected` does, but for commits of ours that were not
 * pushed yet. Throws `ForgeError`: `conflict` where the remote has moved (the local branch then follows it, where it can).
 */
export async function pushCommit(
  repository: LocalRepository,
  place: StackPlace,
  target: PushTarget,
  { oid, expected }: { oid: string; expected: string },
): Promise<void> {
  const { path } = place;
  const { git, root } = repository;
  const known = (await readKnown(repository, target)) ?? (await fetchTarget(repository, target));
  const { behind, ahead } = await compare(repository, known, expected);
  if (behind > 0) return catchUpAndDecideAgain(repository, place, target);
  if (ahead > 0) await checkOnlyOurs(repository, target, { known, expected, path });
  // The lease makes it a compare-and-swap: what is published is exactly what was looked at.
  const args = [
    "push",
    "--no-follow-tags",
    "--recurse-submodules=no",
    `--force-with-lease=${target.ref}:${known}`,
    target.remote,
    `${oid}:${target.ref}`,
  ];
  try {
    await git.run(args, { cwd: root, timeoutMs: NETWORK_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof GitError && MOVED.test(error.stderr))
      return catchUpAndDecideAgain(repository, place, target);
    throw pushError(error, target);
  }
}

/**
 * Brings the local branch, with index and work tree, up to the remote's. Throws `ForgeError` where it cannot: the two have
 * diverged, or a person's edits are in the way.
 */
export async function catchUp(
  repository: LocalRepository,
  place: StackPlace,
  target: PushTarget,
): Promise<void> {
  const remoteOid = await fetchTarget(repository, target);
  await mkdir(repository.stateDir, { recursive: true, mode: 0o700 });
  await withFileLock(lockFileOf(repository), systemClock, async () => {
    // What a killed commit left behind would be in the way.
    await healUnderLock(repository, place);
    await fastForward(repository, target, remoteOid);
  });
}

async function fastForward(
  repository: LocalRepository,
  target: PushTarget,
  remoteOid: string,
): Promise<void> {
  const { git, root } = repository;
  const { behind } = await compare(repository, remoteOid, `refs/heads/${target.branch}`);
  if (behind === 0) return;
  const head = await git.ask(["rev-parse", "--symbolic-full-name", "HEAD"], { cwd: root });
  if (head !== `refs/heads/${target.branch}`) {
    throw new ForgeError(
      "forbidden",
      `${nameOf(target)} has new commits, and ${target.branch} is not checked out. Run: git switch ${target.branch}.`,
    );
  }
  try {
    await git.run(["merge", "--ff-only", "--no-autostash", "--quiet", remoteOid], { cwd: root });
  } catch (error) {
    throw catchUpError(error, target);
  }
}

async function catchUpAndDecideAgain(
  repository: LocalRepository,
  place: StackPlace,
  target: PushTarget,
): Promise<never> {
  await catchUp(repository, place, target);
  throw new ForgeError("conflict", `${nameOf(target)} has moved, and ${target.branch} with it.`);
}

/** The remote's branch as git last saw it; null where it never did. */
async function readKnown({ git, root }: LocalRepository, { tracking }: PushTarget): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", `${tracking}^{commit}`];
  return git.ask(args, { cwd: root }).catch((error: unknown) => {
    if (error instanceof GitError && error.reason === "failed") return null;
    throw error;
  });
}

async function fetchTarget(repository: LocalRepository, target: PushTarget): Promise<string> {
  const { git, root } = repository;
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"];
  try {
    await git.run([...args, target.remote, `+${target.ref}:${target.tracking}`], {
      cwd: root,
      timeoutMs: NETWORK_TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof GitError && /couldn't find remote ref/.test(error.stderr)) {
      throw new ForgeError(
        "forbidden",
        `${nameOf(target)} is not there, and the whole branch is not published by itself. Run once: git push -u ${target.remote} ${target.branch}.`,
        { cause: error },
      );
    }
    throw remoteError(error, target);
  }
  return git.ask(["rev-parse", "--verify", `${target.tracking}^{commit}`], { cwd: root });
}

async function compare(
  { git, root }: LocalRepository,
  remote: string,
  local: string,
): Promise<{ behind: number; ahead: number }> {
  const args = ["rev-list", "--left-right", "--count", `${remote}...${local}`, "--"];
  const [behind, ahead] = (await git.ask(args, { cwd: root })).split("\t").map(Number);
  return { behind: behind ?? 0, ahead: ahead ?? 0 };
}

/** A commit of somebody's own is theirs to publish. */
async function checkOnlyOurs(
  { git, root }: LocalRepository,
  target: PushTarget,
  { known, expected, path }: { known: string; expected: string; path: string },
): Promise<void> {
  const args = ["log", "-z", "-m", "--name-only", "--no-renames", "--no-show-signature", "--no-color"];
  const format = "--format=%x01%P%n%B";
  const answer = await git.ask([...args, format, `${known}..${expected}`, "--"], { cwd: root });
  let isOurs = true;
  for (const part of answer.split("\0")) {
    if (part === "") continue;
    if (!part.startsWith("\x01")) {
      isOurs &&= part.replace(/^\n/, "") === path;
      continue;
    }
    const [parents = "", ...message] = part.slice(1).split("\n");
    isOurs &&= !parents.includes(" ") && parseScaleCommit(message.join("\n")) !== undefined;
  }
  if (isOurs) return;
  throw new ForgeError(
    "forbidden",
    `${target.branch} has commits that ${nameOf(target)} lacks and that are no scale commits, so pushing would publish somebody's work. Run: git push ${target.remote} ${target.branch}.`,
  );
}

/** The remote's branch is not where it was thought to be. */
const MOVED =
  /\[rejected\].*\((stale info|fetch first|non-fast-forward|needs force)\)|\[remote rejected\].*(failed to update ref|cannot lock ref|incorrect old value|reference already exists)/;
const REFUSED = /\[remote rejected\]|\[rejected\]|failed to push some refs/;

function pushError(error: unknown, target: PushTarget): unknown {
  if (!(error instanceof GitError) || error.reason !== "failed" || !REFUSED.test(error.stderr))
    return remoteError(error, target);
  const words = quoteWords(error.stderr);
  return new ForgeError(
    "forbidden",
    `The pre-push hook, or ${nameOf(target)}, refused the commit, so it was not made here either. It says: ${words}`,
    { cause: error },
  );
}

function remoteError(error: unknown, target: PushTarget): unknown {
  if (!(error instanceof GitError) || error.reason === "not-started") return toForgeError(error);
  const why = error.reason === "timeout" ? "it did not answer in time" : quoteWords(error.stderr);
  return new ForgeError(
    "unavailable",
    `The remote ${target.remote} could not be reached, so nothing was committed: ${why}`,
    { cause: error },
  );
}

function catchUpError(error: unknown, target: PushTarget): unknown {
  if (!(error instanceof GitError) || error.reason !== "failed") return error;
  const words = quoteWords(error.stderr);
  if (/Not possible to fast-forward|Diverging branches/i.test(error.stderr)) {
    return new ForgeError(
      "forbidden",
      `${target.branch} and ${nameOf(target)} have diverged. Run: git pull --rebase ${target.remote} ${shortRef(target)}.`,
      { cause: error },
    );
  }
  if (/would be overwritten/.test(error.stderr)) {
    return new ForgeError(
      "forbidden",
      `${nameOf(target)} has new commits, and files that were edited here and not committed are in their way. Commit them, then run: git pull ${target.remote} ${shortRef(target)}. Git says: ${words}`,
      { cause: error },
    );
  }
  return error;
}

function shortRef({ ref }: PushTarget): string {
  return ref.replace(/^refs\/heads\//, "");
}

function nameOf(target: PushTarget): string {
  return `${target.remote}/${shortRef(target)}`;
}
