import { cleanLine } from "../domain/clean-text.ts";
import { ForgeError } from "./forge.ts";
import { GitError } from "./git.ts";

/** Runs work on the repository; whatever git says against it comes out as a `ForgeError`. */
export async function asForgeErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toForgeError(error);
  }
}

/** Git's words as a sentence that somebody can act on. What is not of git or of the file system is left as it is. */
export function toForgeError(error: unknown): unknown {
  if (error instanceof GitError) return fromGit(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof ForgeError || typeof code !== "string" || !(code in FILE_SYSTEM)) return error;
  const why = FILE_SYSTEM[code] ?? code;
  return new ForgeError("unavailable", `The repository's files could not be read or written: ${why}.`, {
    cause: error,
  });
}

/** What git or a hook said, fit for one line. */
export function quoteWords(stderr: string): string {
  const words = cleanLine(
    stderr
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("hint:"))
      .join(" "),
    MAX_WORDS,
  );
  return words === "" ? "nothing" : words;
}

const MAX_WORDS = 300;

function fromGit(error: GitError): ForgeError {
  const { stderr } = error;
  const cause = { cause: error };
  if (error.reason === "not-started")
    return new ForgeError(
      "unavailable",
      "git could not be started. Install git, or put it on the PATH.",
      cause,
    );
  if (error.reason === "timeout")
    return new ForgeError(
      "unavailable",
      `${error.message.split(":")[0]}: it took too long and was ended.`,
      cause,
    );
  const said = quoteWords(stderr);
  const rule = RULES.find(({ pattern }) => pattern.test(stderr));
  if (rule === undefined) return new ForgeError("unavailable", `git could not do its work: ${said}`, cause);
  return new ForgeError(rule.code, `${rule.message} Git says: ${said}`, cause);
}

/** The first that fits counts. */
const RULES: readonly { pattern: RegExp; code: ForgeError["code"]; message: string }[] = [
  {
    pattern: /but expected|reference already exists|unable to resolve reference/,
    code: "conflict",
    message: "The branch moved while the commit was made.",
  },
  {
    pattern: /Unable to create '[^']*\.lock'/,
    code: "conflict",
    message: "Another git process holds a lock. Where none is running, remove the lock file.",
  },
  {
    pattern: /ref updates aborted by hook/,
    code: "forbidden",
    message: "The repository's reference-transaction hook refused the commit.",
  },
  {
    pattern: /empty ident name|tell me who you are|auto-detect email|no email was given|no name was given/i,
    code: "forbidden",
    message: "Git knows no name and address to commit under. Set user.name and user.email with `git config`.",
  },
  {
    pattern: /gpg failed|failed to sign|signing failed|signingkey|ssh-keygen/i,
    code: "forbidden",
    message:
      "The commit could not be signed, and commit.gpgsign asks for it. Make the key usable without a prompt.",
  },
  {
    pattern: /dubious ownership/,
    code: "forbidden",
    message: "The repository belongs to another user. Add it to git's safe.directory.",
  },
  {
    pattern: /not a git repository|bad object|not a valid object name|unknown revision/i,
    code: "not-found",
    message: "What was asked for is not in the repository.",
  },
];

const FILE_SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "access was denied (EACCES); correct the permissions",
  EPERM: "access was denied (EPERM); correct the permissions",
  EROFS: "the file system is read-only (EROFS)",
  ENOSPC: "the disk is full (ENOSPC)",
  EDQUOT: "the quota is used up (EDQUOT)",
  EMFILE: "too many files are open (EMFILE)",
  ENOENT: "a file or folder is gone (ENOENT)",
  EIO: "the disk failed (EIO)",
};
