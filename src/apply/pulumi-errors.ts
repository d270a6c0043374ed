/** There is no `pulumi` on the PATH, or it cannot be started. */
export class PulumiMissingError extends Error {
  readonly code = "pulumi-missing";
  constructor(workDir: string, options?: ErrorOptions) {
    super(
      `Pulumi could not be started in ${workDir}: there is no directory of that name, or no \`pulumi\` on the PATH. ` +
        "Check the directory (work-dir, --dir), and install the Pulumi CLI; in a workflow, a step before this one does (pulumi/actions without a command).",
      options,
    );
    this.name = "PulumiMissingError";
  }
}

/** A Pulumi command that reads something failed; nothing was changed. */
export class PulumiReadError extends Error {
  readonly code = "pulumi-read-failed";
  /** Pulumi's own words, on one line. */
  readonly reason: string;
  /** The backend is a folder, and there is none of that name. */
  readonly isFolderMissing: boolean;
  constructor(what: string, stderr: string, advice: string, options?: ErrorOptions) {
    const isFolderMissing = saysFolderIsMissing(stderr);
    const remedy = isFolderMissing
      ? "The backend's folder has to be there before Pulumi is: create it or mount it, or correct the backend's address (PULUMI_BACKEND_URL, cloud-url, or a `pulumi login`)."
      : advice;
    const reason = lastLines(stderr);
    super(`Pulumi could not ${what}: ${reason} ${remedy}`, options);
    this.name = "PulumiReadError";
    this.reason = reason;
    this.isFolderMissing = isFolderMissing;
  }
}

/** The stack is being updated by someone else, and stayed so through all retries. */
export class StackBusyError extends Error {
  readonly code = "stack-busy";
  constructor(stack: string, attempts: number, stderr: string, options?: ErrorOptions) {
    super(
      `The stack ${stack} could not be updated in ${attempts} attempts, since another update holds its lock: ${lastLines(stderr)} ` +
        "Nothing was changed; the next run applies what is pending. If nobody is updating the stack, an earlier process was killed: " +
        "`pulumiscale serve` and `up` take away the lock of their own; for any other run `pulumi cancel`, and only then, since it takes the lock even from a living update.",
      options,
    );
    this.name = "StackBusyError";
  }
}

/**
 * True for the two texts with which Pulumi says that another update holds the stack: the first comes from Pulumi Cloud,
 * the second from file, S3, Azure and Google storage. The Automation API looks for the same. And for a state that
 * another update is just writing.
 */
export function saysStackIsBusy(stderr: string): boolean {
  return (
    stderr.includes("[409] Conflict: Another update is currently in progress") ||
    stderr.includes("the stack is currently locked by") ||
    saysHalfWritten(stderr)
  );
}

/** True where the backend is a folder (`file://…`), and what stands under that name is none, or nothing. */
function saysFolderIsMissing(stderr: string): boolean {
  return stderr.includes("unable to open bucket file:") && NO_FOLDER.test(stderr);
}

const NO_FOLDER = /: (?:no such file or directory|not a directory)$| is not a directory$/m;

/** True where Pulumi met a file of its backend in the middle of being written, which a folder shows to readers. */
export function saysHalfWritten(stderr: string): boolean {
  return HALF_WRITTEN.test(stderr);
}

const HALF_WRITTEN =
  /^error: (?:failed to load checkpoint|getting history|place \d+): .*(?:\bEOF|unexpected end of JSON input)$/m;

/** The end of what a command printed on stderr, on one line: Pulumi puts the reason last. */
export function lastLines(stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== "");
  const text = lines
    .slice(-3)
    .map((line) => line.trim().replace(/^error: /, ""))
    .join(" ");
  return text === "" ? "it printed no reason." : text.slice(0, 600);
}
