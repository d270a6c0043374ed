import { lastLines } from "./pulumi-errors.ts";
import type { PulumiSettings } from "./pulumi-process.ts";
import { type RetryPace, retryConcurrent } from "./retry-concurrent.ts";
import { updateAll } from "./targeted-update.ts";

/** The whole stack could not be brought up; the sentence has Pulumi's reason. */
export class FullUpdateError extends Error {
  readonly code = "full-update";
  constructor(stack: string, why: string) {
    super(
      `The full update of ${stack} failed: ${why} What it has done stands. Correct the cause, and run it again.`,
    );
    this.name = "FullUpdateError";
  }
}

/**
 * The standard full `up`, with the program and the stack file of the work tree, and up to five times again while another update
 * holds the stack. Throws `FullUpdateError`, `StackBusyError` and `PulumiMissingError`.
 */
export async function runFullUpdate(
  stack: string,
  settings: PulumiSettings & { pace: RetryPace },
  message: string,
): Promise<void> {
  const run = await retryConcurrent(
    stack,
    () => updateAll(stack, message, settings),
    settings.pace,
    settings.signal,
  );
  if (run.exitCode === 0) return;
  const reasons = run.report.errors.map((error) => error.message).filter((text) => text !== "");
  throw new FullUpdateError(stack, reasons.slice(0, 3).join(" ") || lastLines(run.stderr));
}
