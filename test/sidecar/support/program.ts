import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { countWorkers } from "../../world/count-workers.ts";
import type { Environment, Home } from "./make-home.ts";

/** The product's command line. */
export const commandLine = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export type CommandRun = { exitCode: number; stdout: string; stderr: string };

/** A Pulumi program with a stack that is up. */
export type Program = {
  /** The folder of everything: work tree, backend, homes. */
  root: string;
  /** The root of the work tree; without git, of the copied files. */
  repository: string;
  workDir: string;
  project: string;
  stack: string;
  /** The stack file's absolute path. */
  stackFile: string;
  /** Where the program keeps what it scales: worker processes, or groups as the provider of yaml-pace says. */
  directory: string;
  secret: string;
  environment: Environment;
  /** Runs git in the work tree's root; answers stdout. */
  git: (...args: string[]) => Promise<string>;
  /** Runs Pulumi in the program's folder; answers stdout. */
  pulumi: (...args: string[]) => Promise<string>;
  /** Runs the product's command line in the program's folder, to its end. */
  cli: (args: readonly string[]) => Promise<CommandRun>;
  /** A pool's value in Pulumi's state: the input `count` or `input` of its target. */
  readBackend: (pool: string) => Promise<number>;
  readStackFile: () => Promise<string>;
  countWorkers: () => number;
  remove: () => Promise<void>;
};

/** The program of a folder in which the stack `stack` stands. */
export async function describeProgram(
  home: Home,
  { workDir, stack, secret }: { workDir: string; stack: string; secret: string },
): Promise<Program> {
  const { root, repository, directory, environment, run, remove } = home;
  const { name, stackConfigDir } = await readProject(workDir);
  const stackFile = join(workDir, stackConfigDir, `Pulumi.${stack}.yaml`);
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], workDir);
  return {
    ...{ root, repository, workDir, project: name, stack, stackFile, directory, secret, environment },
    git: (...args) => run("git", args, repository),
    pulumi,
    cli: (args) => runCommandLine(args, { cwd: workDir, env: environment }),
    readBackend: async (pool) => poolValueIn(await pulumi("stack", "export", "--stack", stack), pool),
    readStackFile: () => readFile(stackFile, "utf8"),
    countWorkers: () => countWorkers(directory),
    remove,
  };
}

const Project = z.object({ name: z.string(), stackConfigDir: z.string().default(".") });

/** The name of the project in a folder, and the folder of its stack files. */
export async function readProject(workDir: string): Promise<z.infer<typeof Project>> {
  return Project.parse(parse(await readFile(join(workDir, "Pulumi.yaml"), "utf8")));
}

export async function runCommandLine(
  args: readonly string[],
  options: { cwd: string; env: Environment },
): Promise<CommandRun> {
  const child = spawn(process.execPath, [commandLine, ...args], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), exited(child)]);
  return { exitCode: exitCodeOf(child), stdout, stderr };
}

async function exited(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** The exit code, as a shell shows it where a signal has ended the process. */
export function exitCodeOf(child: Pick<ReturnType<typeof spawn>, "exitCode" | "signalCode">): number {
  return child.exitCode ?? 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
}

const Exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          inputs: z.record(z.string(), z.unknown()).default({}),
          outputs: z.record(z.string(), z.unknown()).default({}),
        }),
      )
      .default([]),
  }),
});
const Targets = z.record(z.string(), z.object({ targetUrn: z.string() }));

/** A pool's value in a state as `pulumi stack export` prints it. */
export function poolValueIn(exported: string, pool: string): number {
  const { resources } = Exported.parse(JSON.parse(exported)).deployment;
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const targets = Targets.parse(stack?.outputs.pulumiscale ?? {});
  const target = resources.find(({ urn }) => urn === targets[pool]?.targetUrn);
  if (target === undefined) throw new Error(`Pulumi's state has no target of the pool ${pool}`);
  return Number(target.inputs.count ?? target.inputs.input);
}
