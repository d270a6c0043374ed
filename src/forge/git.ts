import { execFile } from "node:child_process";

/** A git command failed; `stderr` is git's own words. */
export class GitError extends Error {
  readonly code = "git";
  /** Null where git did not end by itself: it is not installed, was ended, or said too much. */
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly reason: "failed" | "not-started" | "timeout" | "too-large";
  constructor(
    args: readonly string[],
    exitCode: number | null,
    stderr: string,
    options?: ErrorOptions & { reason?: GitError["reason"] },
  ) {
    super(`git ${commandOf(args)} failed: ${lastLine(stderr)}`, options);
    this.name = "GitError";
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.reason = options?.reason ?? "failed";
  }
}

export type GitOptions = {
  cwd: string;
  /** What git reads on stdin; it waits for a promise, and reads nothing where that is rejected. */
  input?: string | Uint8Array | Promise<string>;
  /** Variables beside the process's own, such as GIT_INDEX_FILE. */
  env?: Readonly<Record<string, string>>;
  /** Told the process's id, where it could be started. */
  onStart?: (pid: number) => void;
  /** After so many milliseconds git is ended; without it, it may take as long as it likes. */
  timeoutMs?: number;
};

/** The git program, run with one environment. */
export class Git {
  readonly #environment: Readonly<Record<string, string | undefined>>;

  /** Variables that would point git at another repository than the one it is started in are left out. */
  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = Object.fromEntries(
      Object.entries(environment).filter(([name]) => !ELSEWHERE.has(name.toUpperCase())),
    );
  }

  /** Answers stdout as bytes: a stack file need not be UTF-8. Never asks for a password, speaks English. Throws `GitError`. */
  run(args: readonly string[], options: GitOptions): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const child = execFile(
      "git",
      [...args],
      {
        cwd: options.cwd,
        env: { ...this.#environment, ...FIXED, ...options.env },
        encoding: "buffer",
        maxBuffer: LARGEST_OUTPUT,
        timeout: options.timeoutMs ?? 0,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const exitCode = typeof error.code === "number" ? error.code : null;
        const said = stderr.toString("utf8");
        const reason = reasonOf(error);
        reject(new GitError(args, exitCode, said === "" ? error.message : said, { cause: error, reason }));
      },
    );
    if (child.pid !== undefined) options.onStart?.(child.pid);
    // Git may end before it has read all of it.
    child.stdin?.on("error", () => {});
    Promise.resolve(options.input ?? "").then(
      (input) => child.stdin?.end(input),
      () => child.stdin?.end(),
    );
    return promise;
  }

  /** The same as text, without the last line end. */
  async ask(args: readonly string[], options: GitOptions): Promise<string> {
    return (await this.run(args, options)).toString("utf8").replace(/\n$/, "");
  }
}

/** Texts that are read are to be the same on every machine; a read is to take no lock from a person. */
const FIXED = { LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" } as const;
const LARGEST_OUTPUT = 256 * 1024 * 1024;

/** What a hook's or an alias's environment holds, and what would date a commit or read a path in another way. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_COMMON_DIR",
  "GIT_INDEX_FILE",
  "GIT_INDEX_VERSION",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_GRAFT_FILE",
  "GIT_SHALLOW_FILE",
  "GIT_AUTHOR_DATE",
  "GIT_COMMITTER_DATE",
  "GIT_EXTERNAL_DIFF",
  "GIT_LITERAL_PATHSPECS",
  "GIT_GLOB_PATHSPECS",
  "GIT_NOGLOB_PATHSPECS",
  "GIT_ICASE_PATHSPECS",
]);

function reasonOf(error: {
  code?: string | number | null | undefined;
  killed?: boolean | undefined;
}): GitError["reason"] {
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "too-large";
  if (typeof error.code === "string") return "not-started";
  return error.killed === true ? "timeout" : "failed";
}

/** The command's own name, without the options before it. */
function commandOf(args: readonly string[]): string {
  return args.find((arg, index) => !arg.startsWith("-") && args[index - 1] !== "-c") ?? "";
}

function lastLine(stderr: string): string {
  return stderr.trim().split("\n").at(-1) ?? "";
}
