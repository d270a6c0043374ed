import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const programs = fileURLToPath(new URL("../../../fixtures/programs", import.meta.url));
const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A copy of a fixture program with a stack of its own in a backend of its own. */
export type PulumiStack = {
  name: string;
  project: string;
  workDir: string;
  /** Names of the fixture's own files. */
  programFiles: string[];
  stackFile: string;
  environment: Record<string, string | undefined>;
  urn: (type: string, name: string) => string;
  /** Runs the CLI and returns what it prints. */
  pulumi: (...args: string[]) => Promise<string>;
  /** Writes the stack file: one line for each value. */
  configure: (values: Readonly<Record<string, string | number | boolean>>) => Promise<void>;
  /** The inputs of a resource in the state, by its name. */
  inputsOf: (name: string) => Promise<Record<string, unknown> | undefined>;
  isLocked: () => Promise<boolean>;
  remove: () => Promise<void>;
};

const State = z.object({
  checkpoint: z.object({
    latest: z.object({
      resources: z
        .array(z.object({ urn: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }))
        .optional(),
    }),
  }),
});

/** Copies `fixtures/programs/<program>` to the folder `directory` of a new one and creates the stack `dev` there. */
export async function makePulumiStack(
  program: string,
  values: Readonly<Record<string, string | number | boolean>>,
  directory = "program",
): Promise<PulumiStack> {
  const root = await mkdtemp(join(tmpdir(), "pulumiscale-stack-"));
  const workDir = join(root, "work", directory);
  const backend = join(root, "backend");
  await mkdir(backend);
  await cp(join(programs, program), workDir, { recursive: true });
  await symlink(modules, join(root, "node_modules"));
  const environment = {
    ...process.env,
    HOME: root,
    PULUMI_HOME: join(root, "home"),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The official CLI would otherwise take its own copy of the package's plugins.
    PULUMI_IGNORE_AMBIENT_PLUGINS: undefined,
  };
  const project = /^name: (\S+)/m.exec(await readFile(join(workDir, "Pulumi.yaml"), "utf8"))?.[1] ?? "";
  const stackFile = join(workDir, "Pulumi.dev.yaml");
  const pulumi = async (...args: string[]) => {
    const { stdout } = await run("pulumi", [...args, "--non-interactive"], {
      cwd: workDir,
      env: environment,
    });
    return stdout;
  };
  const configure = async (next: Readonly<Record<string, string | number | boolean>>) => {
    const lines = Object.entries(next).map(
      ([key, value]) => `  ${project}:${key}: ${JSON.stringify(value)}\n`,
    );
    await writeFile(stackFile, `config:\n${lines.join("")}`);
  };
  await configure(values);
  await pulumi("stack", "init", "dev");
  await configure(values);
  return {
    name: "dev",
    project,
    workDir,
    programFiles: await readdir(join(programs, program)),
    stackFile,
    environment,
    urn: (type, name) => `urn:pulumi:dev::${project}::${type}::${name}`,
    pulumi,
    configure,
    inputsOf: async (name) => {
      const file = join(backend, ".pulumi", "stacks", project, "dev.json");
      const state = State.parse(JSON.parse(await readFile(file, "utf8")));
      return state.checkpoint.latest.resources?.find(({ urn }) => urn.endsWith(`::${name}`))?.inputs;
    },
    isLocked: async () => {
      const locks = await readdir(join(backend, ".pulumi", "locks"), { recursive: true }).catch(() => []);
      return locks.some((name) => name.endsWith(".json"));
    },
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
