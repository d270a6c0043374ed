import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lastLines } from "../../apply/pulumi-errors.ts";
import { readWithPulumi, runPulumi } from "../../apply/pulumi-process.ts";
import { quoteShell } from "../../domain/quote-shell.ts";
import { Git } from "../../forge/git.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A deployed Pulumi program in a git repository, with a backend and plugins of its own in the same folder. */
export type DemoProgram = {
  workDir: string;
  environment: Environment;
  /** The webhook secret. */
  secret: string;
  /** What may scale, in words. */
  contract: string;
};

export const STACK = "dev";

const PROGRAM = `name: shop
runtime: yaml
config:
  webCount:
    type: integer
  workerCount:
    type: integer
resources:
  # In your program: a node group, a fleet, a replica count. This one is nothing but its number, so it needs no cloud.
  web:
    type: pulumi:index:Stash
    properties:
      input: \${webCount}
  workers:
    type: pulumi:index:Stash
    properties:
      input: \${workerCount}
outputs:
  pulumiscale:
    web:
      targetUrn: \${web.urn}
      configKey: webCount
      strategy: incremental
      min: 1
      max: 10
      cooldown: 300
    workers:
      targetUrn: \${workers.urn}
      configKey: workerCount
      strategy: absolute
      min: 0
      max: 20
      cooldown: 60
`;

const CONTRACT = `web      1 to 10, one step at a time, then 300 s of rest
workers  0 to 20, to the value that is asked for, then 60 s of rest`;

const STACK_FILE = `config:
  shop:webCount: 2  # scaled by alerts
  shop:workerCount: "4"
`;

/** Makes all of it in a new folder, of which `onFolder` is told at once. Throws where Pulumi cannot deploy it. */
export async function makeProgram(
  outer: Environment,
  signal: AbortSignal,
  onFolder: (folder: string) => void,
): Promise<DemoProgram> {
  const folder = await mkdtemp(join(tmpdir(), "pulumiscale-demo-"));
  onFolder(folder);
  const workDir = join(folder, "shop");
  const backend = join(folder, "backend");
  await Promise.all([mkdir(workDir), mkdir(backend)]);
  const own = {
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
    PULUMI_HOME: join(folder, "pulumi"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // A person's own settings may ask for a signature or run hooks.
    GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const environment = { ...withoutOurs(outer), ...own };
  const secret = randomBytes(32).toString("hex");
  const settings = { workDir, environment, signal };
  await writeFile(own.GIT_CONFIG_GLOBAL, "[user]\n\tname = Demo\n\temail = demo@localhost\n");
  const exports = Object.entries(own).map(([name, value]) => `export ${name}=${quoteShell(value)}\n`);
  await writeFile(join(folder, "env"), `${exports.join("")}cd ${quoteShell(workDir)}\n`, { mode: 0o600 });
  await writeFile(join(workDir, "Pulumi.yaml"), PROGRAM);
  await readPulumi(["stack", "init", STACK], settings);
  await writeFile(join(workDir, `Pulumi.${STACK}.yaml`), STACK_FILE);
  await readPulumi(
    ["config", "set", "--secret", "pulumiscale:webhook-secret", "--stack", STACK],
    settings,
    secret,
  );
  const git = new Git(environment);
  await git.run(["init", "--quiet", "--initial-branch=main"], { cwd: workDir });
  await git.run(["add", "--all"], { cwd: workDir });
  await git.run(["commit", "--quiet", "--message", "feat: the shop"], { cwd: workDir });
  const up = await runPulumi(["up", "--yes", "--skip-preview", "--stack", STACK], settings);
  signal.throwIfAborted();
  if (up.exitCode !== 0) throw new Error(`${HINT} The first up failed: ${lastLines(up.stderr || up.stdout)}`);
  return { workDir, environment, secret, contract: CONTRACT };
}

/** Removes the folder, also while Pulumi's last process still writes to it. */
export async function removeProgram(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

const HINT = "The demo needs a Pulumi CLI that knows the resource Stash, as the newest does.";

async function readPulumi(
  args: readonly string[],
  settings: { workDir: string; environment: Environment; signal: AbortSignal },
  input = "",
): Promise<void> {
  const run = await readWithPulumi(args, settings, input);
  settings.signal.throwIfAborted();
  if (run.exitCode !== 0) throw new Error(`pulumi ${args[0]} ${args[1]} failed: ${lastLines(run.stderr)}`);
}

/** What a person has set for another stack, backend or sidecar. */
function withoutOurs(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(PULUMI|PULUMISCALE|GIT)_/i.test(name)),
  );
}
