import { hostname } from "node:os";
import { systemClock } from "../clock.ts";
import { hasEnded, readProcessStart } from "./file-lock.ts";
import type { Mover, Noted } from "./local-git-journal.ts";
import type { LocalRepository } from "./local-repository.ts";

/** From which commit to which a branch goes, and what its log says of it. */
export type BranchMove = { branch: string; from: string; to: string; reason: string };

/**
 * Moves a branch as `git update-ref` does, from exactly that commit. `note` is told who is about to do so, and takes it down before
 * anything begins: should all of us be killed, the locks that this leaves are known, and that nobody is behind them.
 */
export async function moveBranch(
  { git, root }: LocalRepository,
  { branch, from, to, reason }: BranchMove,
  note: (mover: Mover) => Promise<void>,
): Promise<void> {
  const command = Promise.withResolvers<string>();
  // It waits for its first command. Without one it ends, and has done nothing.
  const onStart = (pid: number) => {
    describe(pid)
      .then(note)
      .then(() => command.resolve(`update refs/heads/${branch} ${to} ${from}\n`), command.reject);
  };
  await git.run(["update-ref", "-m", reason, "--stdin"], { cwd: root, input: command.promise, onStart });
  await command.promise;
}

/** Whether the process that moves the branch to a commit may still do so. */
export async function isMoving({ mover, notedAtMs }: Pick<Noted, "mover" | "notedAtMs">): Promise<boolean> {
  if (mover === undefined) return false;
  const canBeSeen = mover.host === hostname() && mover.startedAt !== null;
  if (mover.host === hostname() && (await hasEnded(mover))) return false;
  return canBeSeen || systemClock() - notedAtMs < LONGEST_MOVE_MS;
}

/** For a process that nobody can look at; the repository's hooks are part of it. */
const LONGEST_MOVE_MS = 60_000;

async function describe(pid: number): Promise<Mover> {
  return { host: hostname(), pid, startedAt: await readProcessStart(pid) };
}
