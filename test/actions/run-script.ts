import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { evaluateText } from "./expression.ts";
import type { StepSession } from "./job-context.ts";
import type { Step } from "./workflow.ts";

/** Runs the `run` of a step; the answer is whether it ended with 0. */
export async function runScript(session: StepSession, step: Step, source: string): Promise<boolean> {
  const { job, scope } = session;
  const script = evaluateText(source, scope);
  const shell = step.shell ?? job.defaults.shell;
  const folder = step["working-directory"] ?? job.defaults["working-directory"] ?? ".";
  const path = join(job.temp, `${randomUUID()}.sh`);
  await writeFile(path, script);
  const [file = "bash", ...args] = formatCommand(shell).map((part) => part.replaceAll("{0}", path));
  session.write(`##[group]Run ${script.trim().split("\n")[0] ?? ""}`);
  for (const line of script.trimEnd().split("\n")) session.write(line);
  session.write(`shell: ${[file, ...args].join(" ")}`);
  session.write("##[endgroup]");
  const cwd = resolve(job.workspace, evaluateText(folder, scope));
  const exitCode = await session.run({ file, args, cwd });
  if (exitCode !== 0 && !session.signal.aborted)
    throw new Error(`Process completed with exit code ${exitCode}.`);
  return exitCode === 0;
}

/** GitHub's shells; `pipefail` is on only where `shell: bash` is asked for by name. */
function formatCommand(shell: string | undefined): string[] {
  switch (shell) {
    case undefined:
      return ["bash", "-e", "{0}"];
    case "bash":
      return ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"];
    case "sh":
      return ["sh", "-e", "{0}"];
    default:
      if (!shell.includes("{0}")) throw new Error(`This runner has no shell '${shell}'.`);
      return shell.split(/\s+/);
  }
}
