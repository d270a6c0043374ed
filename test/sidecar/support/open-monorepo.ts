import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { initStack } from "./init-stack.ts";
import { type Backend, commitAll, type Home, makeHome } from "./make-home.ts";
import { webhookSecret } from "./open-program.ts";
import { describeProgram, type Program } from "./program.ts";

const fixture = fileURLToPath(new URL("../../../fixtures/monorepo", import.meta.url));

/** The stacks of fixtures/monorepo: the program's folder, and the stack's name. */
export const monorepoStacks = [
  { folder: "network", stack: "dev" },
  { folder: "network", stack: "staging" },
  { folder: "network", stack: "prod" },
  { folder: "services/api", stack: "dev" },
  { folder: "services/api", stack: "prod" },
  { folder: "edge", stack: "dev" },
  { folder: "edge", stack: "prod" },
] as const;
export type MonorepoStack = (typeof monorepoStacks)[number];

export type Monorepo = {
  repository: string;
  /** In the order in which the stacks were asked for. Each has its own webhook secret. */
  programs: readonly Program[];
  remove: () => Promise<void>;
};

/**
 * Copies the monorepo into a new git repository and creates these stacks, each with its first `pulumi up`; all share one backend.
 * The files of the other stacks are there, as for stacks that nobody has created yet.
 */
export async function openMonorepo(
  stacks: readonly MonorepoStack[] = monorepoStacks,
  backend?: Backend,
): Promise<Monorepo> {
  const home = await makeHome(backend);
  try {
    await cp(fixture, home.repository, { recursive: true });
    const programs = await Promise.all(stacks.map((stack) => createStack(home, stack)));
    await commitAll(home);
    const ups = programs.map(({ pulumi, stack }) =>
      pulumi("up", "--yes", "--skip-preview", "--stack", stack),
    );
    await Promise.all(ups);
    return { repository: home.repository, programs, remove: home.remove };
  } catch (error) {
    await home.remove();
    throw error;
  }
}

async function createStack(home: Home, { folder, stack }: MonorepoStack): Promise<Program> {
  const secret = `${webhookSecret}-${folder}-${stack}`;
  const workDir = join(home.repository, folder);
  const program = await describeProgram(home, { workDir, stack, secret });
  const file = program.stackFile;
  await initStack(home, { workDir, name: stack, file, text: await readFile(file, "utf8"), secret });
  return program;
}
