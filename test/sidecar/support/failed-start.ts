import { expect } from "vitest";
import type { Environment } from "./make-home.ts";
import type { Program } from "./program.ts";
import { startServe } from "./start-serve.ts";

/** Starts `serve` where it cannot start: what it printed, without a trace or the secret in it, and its exit code. */
export async function failedStart(
  program: Pick<Program, "workDir" | "environment" | "secret">,
  args: readonly string[] = [],
  environment: Environment = {},
): Promise<{ exitCode: number; said: string }> {
  const error = await startServe(program, args, environment).then(
    async (serve) => {
      await serve.stop();
      throw new Error("it has started");
    },
    (reason: unknown) => String(reason),
  );
  const [, exitCode = "", said = ""] =
    /serve ended \((\d+)\) before it said [^\n]+\n([\s\S]*)/.exec(error) ?? [];
  expect(said, error).not.toBe("");
  // Sentences for people, and no trace of where in the program they come from.
  expect(said).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  if (program.secret !== "") expect(said).not.toContain(program.secret);
  return { exitCode: Number(exitCode), said };
}
