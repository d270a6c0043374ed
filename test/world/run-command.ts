import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a program to its end and answers what it printed; its words on stderr are in the error. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string> {
  const env = { ...process.env, ...options.env };
  const { stdout } = await execute(program, [...args], { ...options, env, maxBuffer: 50_000_000 });
  return stdout;
}
