import { readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { listStacks } from "../../apply/list-stacks.ts";
import { retryBackend } from "../../apply/retry-backend.ts";
import { realPace } from "../../apply/retry-concurrent.ts";
import { UsageError } from "../usage-error.ts";
import type { LocalFlags, LocalOutside } from "./flags.ts";

/** Where a command works: the program's directory, absolute, and the stack as Pulumi takes it. */
export type FoundStack = { workDir: string; stack: string };

/**
 * Finds the program and the stack that a command is about. Where several fit and none is selected, they are listed and nothing is
 * guessed: throws `UsageError`. Throws `PulumiReadError` where the backend does not answer.
 */
export async function findStack(flags: LocalFlags, outside: LocalOutside): Promise<FoundStack> {
  const workDir = resolve(flags.dir ?? ".");
  await requireProgram(workDir);
  if (flags.stack !== undefined) return { workDir, stack: flags.stack };
  const { environment, signal, tell } = outside;
  const read = () => listStacks({ workDir, environment, signal });
  const stacks = await retryBackend(read, realPace, tell, signal);
  const [only, ...others] = stacks;
  if (only === undefined) {
    throw new UsageError(
      `The program in ${workDir} has no stack yet. Make one with \`pulumi stack init\`, and bring it up with \`pulumi up\`.`,
    );
  }
  const selected = stacks.find(({ isSelected }) => isSelected) ?? (others.length === 0 ? only : undefined);
  if (selected !== undefined) return { workDir, stack: selected.name };
  const names = stacks.map(({ name }) => `  ${name}`).join("\n");
  throw new UsageError(
    `The program in ${workDir} has ${stacks.length} stacks, and none is selected. Give one with --stack:\n${names}`,
  );
}

/** Throws `UsageError` where there is no Pulumi program, and names those below. */
export async function requireProgram(workDir: string): Promise<void> {
  const names = await readdir(workDir).catch((cause: unknown) => {
    throw new UsageError(`${workDir} cannot be read. Give the Pulumi program's directory with --dir.`, {
      cause,
    });
  });
  if (names.some(isProjectFile)) return;
  const programs = (await findPrograms(workDir)).map((dir) => `  --dir ${relative(workDir, dir)}`);
  const below = programs.length === 0 ? "" : ` These programs are below it:\n${programs.join("\n")}`;
  throw new UsageError(
    `There is no Pulumi.yaml in ${workDir}. Give the Pulumi program's directory with --dir.${below}`,
  );
}

/** How deep and how long programs are looked for: for a hint, and no further. */
const DEEPEST = 4;
const MOST_PROGRAMS = 20;
const MOST_FOLDERS = 2_000;

async function findPrograms(top: string): Promise<string[]> {
  const found: string[] = [];
  let level = [top];
  let seen = 0;
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      seen += 1;
      if (seen > MOST_FOLDERS || found.length >= MOST_PROGRAMS) return found;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      if (folder !== top && entries.some(({ name }) => isProjectFile(name))) found.push(folder);
      for (const entry of entries)
        if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
          next.push(join(folder, entry.name));
    }
    level = next.sort();
  }
  return found;
}

function isProjectFile(name: string): boolean {
  return name === "Pulumi.yaml" || name === "Pulumi.yml";
}
