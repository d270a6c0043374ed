// node ensure.ts <program> … : sets the programs up and prints their folders, one per line.
import { constants, getPriority, setPriority } from "node:os";
import { cachedAlertmanager, ensureAlertmanager } from "./alertmanager.ts";
import { progress } from "./cache.mjs";
import { cachedGoTool, ensureGoTool } from "./go-tool.ts";
import { cachedKubernetes, ensureKubernetes } from "./kubernetes.ts";
import { cachedPulumi, ensurePulumi } from "./pulumi-cli.ts";
import { StepFailed } from "./step.mjs";

const programs = {
  pulumi: ensurePulumi,
  alertmanager: ensureAlertmanager,
  act: () => ensureGoTool("act"),
  actionlint: () => ensureGoTool("actionlint"),
  versitygw: () => ensureGoTool("versitygw"),
  kubernetes: ensureKubernetes,
} satisfies Record<string, () => Promise<string>>;

/** Sets the program up when it is missing; the answer is the folder that holds it. */
export async function ensure(program: keyof typeof programs): Promise<string> {
  return await programs[program]();
}

/** The folders of the programs that earlier set-ups have cached; sets nothing up. */
export function cachedFolders(): string[] {
  return [
    cachedPulumi(),
    cachedAlertmanager(),
    cachedGoTool("act"),
    cachedGoTool("actionlint"),
    cachedGoTool("versitygw"),
    cachedKubernetes(),
  ].filter((folder) => folder !== undefined);
}

/** Without these no command makes sense; without another one, some tests skip and the demo says so. */
const indispensable = new Set(["pulumi"]);

async function main(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!isProgram(name))
      throw new StepFailed(`set-up knows ${Object.keys(programs).join(", ")}, and no ${name}`, 2);
    try {
      process.stdout.write(`${await ensure(name)}\n`);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      const goOn =
        error.exitCode === 1 && !indispensable.has(name) && process.env.CI !== "true" && names.length > 1;
      if (!goOn) throw error;
      progress(`going on without ${name}: ${error.message}`);
    }
  }
}

function isProgram(name: string): name is keyof typeof programs {
  return Object.hasOwn(programs, name);
}

if (import.meta.main) {
  // What builds for minutes leaves the machine to those who work on it; all that is started from here inherits this.
  setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    progress(error.message);
    process.exitCode = error.exitCode;
  }
}
