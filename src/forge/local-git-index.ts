import { access, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GitError } from "./git.ts";
import { isPlainFile, readFiles, type TreeEntry } from "./local-git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

/** How the index follows a commit: what it had for the file, what it gets, and how other staged text is changed. */
export type IndexChange = {
  path: string;
  /** The file as the commits before had it; this is replaced as a whole. */
  from: readonly string[];
  to: TreeEntry;
  edit: (text: string) => string | null;
};

/**
 * Does `move` while git's own lock on the index is held, and then brings the index along: nobody commits in between what the index
 * had before. Where somebody else holds the lock for long, `move` is done all the same, and the answer is `locked`.
 */
export async function moveWithIndex(
  repository: LocalRepository,
  change: IndexChange,
  move: () => Promise<void>,
): Promise<"done" | "locked"> {
  const { lines, ended } = await takeLock(repository);
  try {
    await move();
  } catch (error) {
    lines.reject(error);
    await ended;
    throw error;
  }
  // From here on the commit stands, whatever happens to the index.
  try {
    if ((await feed(repository, change, { lines, ended })) === "done") return "done";
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      await delay(WAIT_MS);
      if ((await bringIndex(repository, change)) === "done") return "done";
    }
  } catch {}
  return "locked";
}

/** Brings the index along with a commit that the branch has by now. */
export async function bringIndex(
  repository: LocalRepository,
  change: IndexChange,
): Promise<"done" | "locked"> {
  const writer = startWriting(repository);
  return feed(repository, change, writer);
}

/** Together about a second, longer than git's own commands hold the lock: one that is older was left behind by a kill. */
const MOST_TRIES = 8;
const WAIT_MS = 25;
const MOST_POLLS = 400;
const MOST_POLLS_OF_ANOTHERS = 30;

type Written = "done" | "locked";
/** A git that waits for what to write. It ends when `lines` is settled, or with our own process at the latest. */
type Writer = { lines: PromiseWithResolvers<string>; ended: Promise<Written>; pid: () => number | null };

/**
 * Git takes the index's lock before it reads what is to be changed. Where the lock is somebody else's, it changes nothing and says
 * so at the end.
 */
function startWriting({ git, root }: LocalRepository): Writer {
  const lines = Promise.withResolvers<string>();
  let pid: number | null = null;
  const onStart = (started: number) => {
    pid = started;
  };
  const ended = git
    .run(["update-index", "-z", "--index-info"], { cwd: root, input: lines.promise, onStart })
    .then((): Written => "done")
    .catch((error: unknown): Written => {
      if (error instanceof GitError && error.reason === "failed") return "locked";
      throw error;
    });
  return { lines, ended, pid: () => pid };
}

/** Waits for the lock. After a while it goes on without one: a lock that was left behind is not to stop all scaling. */
async function takeLock(repository: LocalRepository): Promise<Writer> {
  for (let tries = 1; ; tries++) {
    const writer = startWriting(repository);
    if ((await holdsLock(repository, writer)) || tries === MOST_TRIES) return writer;
    writer.lines.resolve("");
    await writer.ended;
    await delay(WAIT_MS);
  }
}

/** Where the system does not tell who has a file open, a lock that is there is taken for this one's. */
async function holdsLock({ gitDir }: LocalRepository, { ended, pid }: Writer): Promise<boolean> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  ended.then(end, end);
  const lock = join(gitDir, "index.lock");
  let anothers = 0;
  for (let polls = 0; polls < MOST_POLLS && anothers < MOST_POLLS_OF_ANOTHERS && !hasEnded; polls++) {
    const isThere = await access(lock).then(
      () => true,
      () => false,
    );
    if (isThere && (await hasOpen(pid(), lock))) return true;
    if (isThere) anothers += 1;
    await delay(1);
  }
  return false;
}

async function hasOpen(pid: number | null, path: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => null);
  if (names === null) return process.platform !== "linux";
  const links = await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => "")));
  return links.includes(path);
}

async function feed(
  repository: LocalRepository,
  change: IndexChange,
  { lines, ended }: Pick<Writer, "lines" | "ended">,
): Promise<Written> {
  try {
    lines.resolve(await planLines(repository, change));
  } catch (error) {
    lines.reject(error);
    await ended;
    throw error;
  }
  return ended;
}

/** The line that update-index reads; none where the index needs no change, or holds something else for the path. */
async function planLines(
  repository: LocalRepository,
  { path, from, to, edit }: IndexChange,
): Promise<string> {
  const staged = await readStagedEntry(repository, path);
  if (staged === null || staged.oid === to.oid || !isPlainFile(staged)) return "";
  if (from.includes(staged.oid)) return `${staged.mode} ${to.oid}\t${path}\0`;
  const file = (await readFiles(repository, [staged.oid])).get(staged.oid);
  const text = file?.kind === "text" ? edit(file.text) : null;
  if (text === null) return "";
  return `${staged.mode} ${await writeBlob(repository, text)}\t${path}\0`;
}

/** Writes a text into git's store as it is, whatever filters the path has. */
export function writeBlob({ git, root }: LocalRepository, text: string): Promise<string> {
  return git.ask(["hash-object", "-w", "--no-filters", "--stdin"], { cwd: root, input: text });
}

/** What is staged for a path; null for nothing, or for several versions of an unfinished merge. */
async function readStagedEntry({ git, root }: LocalRepository, path: string): Promise<TreeEntry | null> {
  const listed = await git.ask(["--literal-pathspecs", "ls-files", "--stage", "-z", "--", path], {
    cwd: root,
  });
  for (const line of listed.split("\0")) {
    const match = /^(\d{6}) ([0-9a-f]+) 0\t/.exec(line);
    if (match !== null && line.slice(match[0].length) === path)
      return { mode: match[1] ?? "", oid: match[2] ?? "" };
  }
  return null;
}
