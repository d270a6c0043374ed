import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** What a git child process sees of the world: nothing of the machine's own configuration. */
const environment: Record<string, string> = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  LC_ALL: "C.UTF-8",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

/** A git command ended with another exit code than 0. */
export class GitError extends Error {
  readonly code = "git-failed";
  readonly exitCode: number;
  readonly stderr: string;
  readonly stdout: string;

  constructor(args: readonly string[], exitCode: number, stdout: string, stderr: string) {
    super(`git ${args[0]} ended with ${exitCode}: ${stderr.trim() || stdout.trim()}`);
    this.name = "GitError";
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

export interface GitInput {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs one git command in `directory` and gives its raw output. Throws {@link GitError}. */
export async function runGit(
  directory: string,
  args: readonly string[],
  input: GitInput = {},
): Promise<Buffer> {
  const child = spawn("git", args, {
    cwd: directory,
    env: { ...environment, ...input.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A child that ends before it has read everything is judged by its exit code, not by EPIPE.
  child.stdin.on("error", () => {});
  child.stdin.end(input.stdin ?? "");
  const [stdout, stderr, exitCode] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? -1));
    }),
  ]);
  if (exitCode !== 0) throw new GitError(args, exitCode, stdout.toString(), stderr.toString());
  return stdout;
}

/** Like {@link runGit}, as text without the last newline. */
export async function runGitText(
  directory: string,
  args: readonly string[],
  input: GitInput = {},
): Promise<string> {
  return (await runGit(directory, args, input)).toString("utf8").replace(/\n$/, "");
}

/** A git command that stays and answers line by line; see {@link openObjectReader}. */
export interface GitConversation {
  write(line: string): void;
  onData(listener: (chunk: Buffer) => void): void;
  onEnd(listener: () => void): void;
  end(): Promise<void>;
}

/** Starts a git command that is spoken to over its standard input and output. */
export function converseWithGit(directory: string, args: readonly string[]): GitConversation {
  const child = spawn("git", args, { cwd: directory, env: environment, stdio: ["pipe", "pipe", "ignore"] });
  const closed = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
    child.on("error", () => resolve());
  });
  child.stdin.on("error", () => {});
  return {
    write: (line) => child.stdin.write(line),
    onData: (listener) => child.stdout.on("data", listener),
    onEnd: (listener) => child.on("close", listener),
    end: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
