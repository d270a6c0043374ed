import { execFile } from "node:child_process";

/** A git command failed; `stderr` is git's own words. */
export class GitError extends Error {
  readonly code = "git";
  readonly exitCode: number | null;
  readonly stderr: string;
  constructor(args: readonly string[], exitCode: number | null, stderr: string, options?: ErrorOptions) {
    super(`git ${args.find((arg) => !arg.startsWith("-")) ?? ""} failed: ${lastLine(stderr)}`, options);
    this.name = "GitError";
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export type GitOptions = {
  cwd: string;
  /** What git reads on stdin. */
  input?: string | Uint8Array;
  /** Variables beside the process's own, such as GIT_INDEX_FILE. */
  env?: Readonly<Record<string, string>>;
  /** After so many milliseconds git is ended; without it, it may take as long as it likes. */
  timeoutMs?: number;
};

/** The git program, run with one environment. */
export class Git {
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
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
        reject(new GitError(args, exitCode, said === "" ? error.message : said, { cause: error }));
      },
    );
    // Git may end before it has read all of it.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
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

function lastLine(stderr: string): string {
  return stderr.trim().split("\n").at(-1) ?? "";
}
