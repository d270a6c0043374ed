import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { initStack } from "./init-stack.ts";
import { type Backend, commitAll, makeHome } from "./make-home.ts";
import { describeProgram, type Program } from "./program.ts";
import { type FixtureProgram, stackTexts } from "./stack-texts.ts";

const programs = fileURLToPath(new URL("../../../fixtures/programs", import.meta.url));

export type ProgramOptions = {
  /** A folder of fixtures/programs. */
  program: FixtureProgram;
  /** `dev` unless given. */
  stack?: string;
  /** The stack file as a person has written it, without the secret; `directory` is the program's own. */
  stackText?: string | ((directory: string) => string);
  /** The folder of the program in the work tree: its root unless given. */
  folder?: string;
  /** False: a plain folder, no git. */
  git?: boolean;
  /** An object store; a folder unless given. */
  backend?: Backend;
  /** The webhook secret; null: the stack has none. */
  secret?: string | null;
};

/** A secret that is long enough. */
export const webhookSecret = "a-webhook-secret-of-forty-eight-characters-0123456";

/**
 * Copies a program of fixtures/programs, creates its stack, commits everything to a new git repository, and runs the first full
 * `pulumi up`. Where that fails nothing is left.
 */
export async function openProgram(options: ProgramOptions): Promise<Program> {
  const { program: fixture, stack = "dev", secret = webhookSecret, git = true } = options;
  const home = await makeHome(options.backend);
  try {
    const workDir = join(home.repository, options.folder ?? ".");
    await cp(join(programs, fixture), workDir, { recursive: true });
    const program = await describeProgram(home, { workDir, stack, secret: secret ?? "" });
    const given = options.stackText ?? stackTexts[fixture];
    const text = typeof given === "string" ? given : given(home.directory);
    await initStack(home, {
      workDir,
      name: stack,
      file: program.stackFile,
      text,
      secret: secret ?? undefined,
    });
    if (git) await commitAll(home);
    await program.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
    return program;
  } catch (error) {
    await home.remove();
    throw error;
  }
}
