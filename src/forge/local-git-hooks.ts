import { readdir, readFile, writeFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { formatScaleTrailers, parseScaleCommit } from "../domain/scale-commit.ts";
import { ForgeError } from "./forge.ts";
import { GitError } from "./git.ts";
import { quoteWords } from "./local-git-errors.ts";
import type { LocalRepository } from "./local-repository.ts";

/** Runs the repository's hooks as `git commit` does; those that are not there cost nothing. */
export type Hooks = {
  preCommit: (indexFile: string) => Promise<void>;
  /** Answers the message as the hooks leave it. */
  editMessage: (message: string, file: string, indexFile: string) => Promise<string>;
  /** What it says changes nothing any more. */
  postCommit: () => Promise<void>;
};

const HOOK_TIMEOUT_MS = 120_000;
const LARGEST_MESSAGE = 65_536;

/** `folder` is where git looks for hooks. */
export async function openHooks(repository: LocalRepository, folder: string): Promise<Hooks> {
  const { root } = repository;
  const present = new Set(await readdir(isAbsolute(folder) ? folder : resolve(root, folder)).catch(() => []));
  const run = async (name: string, env: Record<string, string>, ...args: string[]): Promise<void> => {
    if (present.has(name)) await runHook(repository, name, env, args);
  };
  return {
    preCommit: (indexFile) => run("pre-commit", { GIT_INDEX_FILE: indexFile }),
    editMessage: async (message, file, indexFile) => {
      if (!present.has("prepare-commit-msg") && !present.has("commit-msg")) return message;
      await writeFile(file, message, { mode: 0o600 });
      const env = { GIT_INDEX_FILE: indexFile };
      await run("prepare-commit-msg", env, file, "message");
      await run("commit-msg", env, file);
      return checkMessage(message, await readFile(file, "utf8"));
    },
    postCommit: () => run("post-commit", {}).catch(() => {}),
  };
}

async function runHook(
  { git, root }: LocalRepository,
  name: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<void> {
  const rest = args.length === 0 ? [] : ["--", ...args];
  try {
    await git.run(["hook", "run", "--ignore-missing", name, ...rest], {
      cwd: root,
      // No hook is to open an editor: nobody is there.
      env: { GIT_EDITOR: ":", ...env },
      timeoutMs: HOOK_TIMEOUT_MS,
    });
  } catch (error) {
    if (!(error instanceof GitError) || error.reason === "not-started") throw error;
    throw hookError(name, error);
  }
}

function hookError(name: string, error: GitError): ForgeError {
  const cause = { cause: error };
  if (error.reason === "timeout") {
    const seconds = HOOK_TIMEOUT_MS / 1000;
    return new ForgeError(
      "unavailable",
      `The ${name} hook did not end within ${seconds} s, so nothing was committed. Look at what it waits for.`,
      cause,
    );
  }
  if (/'hook' is not a git command/.test(error.stderr)) {
    return new ForgeError(
      "forbidden",
      `The repository has a ${name} hook, and this git cannot run hooks for us. Install git 2.36 or newer.`,
      cause,
    );
  }
  return new ForgeError(
    "forbidden",
    `The repository's ${name} hook refused the commit. It says: ${quoteWords(error.stderr)}`,
    cause,
  );
}

/** Hooks may add to a message, but what it says to a machine is to stay as it was decided. */
function checkMessage(before: string, after: string): string {
  const message = `${after.trim()}\n`;
  if (message.length > LARGEST_MESSAGE || message.includes("\0") || message === "\n")
    throw new ForgeError("forbidden", "The repository's hooks left no usable commit message. Correct them.");
  if (describe(before) === describe(message)) return message;
  throw new ForgeError(
    "forbidden",
    "The repository's prepare-commit-msg or commit-msg hook changed the Pulumiscale- lines of the message, by which the scale is known later. Let it leave them.",
  );
}

function describe(message: string): string {
  const commit = parseScaleCommit(message);
  return commit === undefined ? "" : formatScaleTrailers(commit);
}
