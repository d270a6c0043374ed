import { findProgram } from "./find-program.ts";
import { runStep, StepFailed } from "./step.mjs";

/** Runs the `go` command, without a workspace file of some folder above; `stdout` as for `runStep`. */
export async function runGo(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; stdout?: "return" } = {},
): Promise<string> {
  return await runStep("go", args, { ...options, env: { ...process.env, ...options.env, GOWORK: "off" } });
}

/** Throws where Go is missing. `orElse` says what one may do instead of installing it. */
export function requireGo(program: string, orElse = ""): void {
  if (findProgram(["go"]) !== undefined) return;
  const install = `install Go 1.26 or newer (https://go.dev/dl/)${orElse}`;
  throw new StepFailed(`${program} is built from its Go module, and Go is not on the path: ${install}`, 1);
}
