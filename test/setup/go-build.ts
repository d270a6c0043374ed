import { findProgram } from "./find-program.ts";
import { runStep, StepFailed } from "./step.mjs";

/** Runs the `go` command, without a workspace file of some folder above. */
export async function runGo(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  if (findProgram(["go"]) === undefined) {
    throw new StepFailed(
      "Go is not on the path, and is needed to build this: install Go 1.26 or newer (https://go.dev/dl/)",
      1,
    );
  }
  await runStep("go", args, { ...options, env: { ...process.env, ...options.env, GOWORK: "off" } });
}
