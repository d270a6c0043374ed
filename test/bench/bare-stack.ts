import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makePulumiStack } from "../apply/support/pulumi-stack.ts";

const run = promisify(execFile);

type Values = Readonly<Record<string, string | number>>;

export type BareStack = AsyncDisposable & {
  /** A folder for what the program makes. */
  readonly home: string;
  /**
   * Sets values and runs `pulumi up --target … --skip-preview --yes`; answers how long the process took, in milliseconds.
   * `new-home`: with an empty home directory, as on a runner that has just started, where Pulumi's TypeScript compiler
   * finds nothing that it has compiled before.
   */
  readonly up: (
    values: Values,
    targetUrns: readonly string[],
    machine: "same-home" | "new-home",
  ) => Promise<number>;
};

const FLAGS = ["--skip-preview", "--yes", "--non-interactive"];

/**
 * A program of fixtures/programs in a stack `dev` that is up, without anything of ours: what ours is measured against.
 * Its stack file has a secret, as that of every served stack has: deriving its key takes Pulumi a while each time.
 */
export async function openBareStack(
  fixture: string,
  valuesFor: (home: string) => Values,
): Promise<BareStack> {
  const home = await mkdtemp(join(tmpdir(), "pulumiscale-bench-"));
  const stack = await makePulumiStack(fixture, {});
  const close = async () => {
    await stack.remove();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const { name, project, workDir, stackFile, environment } = stack;
  const up = async (values: Values, flags: readonly string[], homeOfPulumi: string | undefined) => {
    const all = Object.entries({ ...valuesFor(home), ...values });
    const lines = all.map(([key, value]) => `  ${project}:${key}: ${JSON.stringify(value)}\n`);
    await writeFile(stackFile, `${secured}${lines.join("")}`);
    const args = ["up", ...FLAGS, "--stack", name, ...flags];
    const startedMs = performance.now();
    await run("pulumi", args, { cwd: workDir, env: { ...environment, HOME: homeOfPulumi } });
    return performance.now() - startedMs;
  };
  let secured = "";
  try {
    await writeFile(stackFile, "");
    await stack.pulumi(
      "config",
      "set",
      "--secret",
      "pulumiscale:webhook-secret",
      "s".repeat(40),
      "--stack",
      name,
    );
    secured = (await readFile(stackFile, "utf8")).replace(/\n?$/, "\n");
    await up({}, [], environment.HOME);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    home,
    up: async (values, targetUrns, machine) => {
      const homeOfPulumi = machine === "same-home" ? environment.HOME : await mkdtemp(join(home, "new-"));
      const targets = targetUrns.flatMap((urn) => ["--target", urn]);
      return up(values, targets, homeOfPulumi);
    },
    [Symbol.asyncDispose]: close,
  };
}
