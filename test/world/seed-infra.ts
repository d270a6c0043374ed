import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readmeFile } from "../readme/readme-examples.ts";
import { runCommand } from "./run-command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type InfraOptions = {
  /** A folder of fixtures/programs. */
  program: string;
  stack: string;
  /** Config in plain text, in the order in which it stands in the stack file. */
  config: Readonly<Record<string, string>>;
  webhookSecret: string;
  /** Where the working copy for Pulumi's own commands is made. */
  directory: string;
  /** Pulumi's backend and passphrase. */
  environment: Readonly<Record<string, string>>;
  /** The cooldown that the contract gets, in seconds; as the program has it unless given. */
  cooldownSeconds?: number;
};

/**
 * The files of an infra repository, made as the README says: a program, a stack with its config and the webhook secret set
 * by Pulumi itself, and the README's own deploy workflow.
 */
export async function seedInfra(options: InfraOptions): Promise<Record<string, string>> {
  const { directory, stack } = options;
  cpSync(join(ROOT, "fixtures/programs", options.program), directory, { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const pulumi = (...args: string[]) =>
    runCommand("pulumi", [...args, "--non-interactive"], { cwd: directory, env: options.environment });
  await pulumi("stack", "init", stack);
  for (const [key, value] of Object.entries(options.config))
    await pulumi("config", "set", "--stack", stack, key, value);
  await pulumi(
    "config",
    "set",
    "--stack",
    stack,
    "--secret",
    "pulumiscale:webhook-secret",
    options.webhookSecret,
  );
  const files: Record<string, string> = {};
  for (const name of readdirSync(directory)) {
    if (name !== "node_modules") files[name] = readFileSync(join(directory, name), "utf8");
  }
  const index = files["index.ts"];
  if (options.cooldownSeconds !== undefined && index !== undefined) {
    files["index.ts"] = index.replace(/cooldown: \d+/, `cooldown: ${options.cooldownSeconds}`);
  }
  const stackFile = `Pulumi.${stack}.yaml`;
  files[stackFile] =
    `# Values of pools are changed by scale commits; everything else is yours.\n${files[stackFile] ?? ""}`;
  files[".gitignore"] = "node_modules\n";
  return files;
}

/** The README's deploy workflow; only where its packages come from is of this machine. */
export function deployWorkflow(): string {
  return readmeFile(".github/workflows/deploy.yml").replace("npm ci", 'ln -s "$NODE_MODULES" node_modules');
}

/** What the workflow needs from outside on this machine: GitHub's runners have it, or the repository's secrets. */
export function workflowEnvironment(backendDirectory: string): Record<string, string> {
  mkdirSync(backendDirectory, { recursive: true });
  return {
    NODE_MODULES: join(ROOT, "node_modules"),
    PULUMI_BACKEND_URL: `file://${backendDirectory}`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase of the demo",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

export const ACTION_ROOT = ROOT;
