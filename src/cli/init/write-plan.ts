import { mkdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { moveDurably, writeDurably } from "../../durable-file.ts";
import type { PlannedWrite } from "./plan-init.ts";
import { type Program, ProgramError } from "./read-program.ts";

/**
 * Writes a planned file: a new one never over another, a changed one as a whole and only where it still is as it was shown.
 * Throws `ProgramError`.
 */
export async function writePlanned(write: PlannedWrite, program: Program): Promise<void> {
  if (write.before === null) await createFile(write, program);
  else await replaceFile(write, write.before);
}

async function createFile({ path, name, after }: PlannedWrite, { dir, stackDir }: Program): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const real = await realpath(folder);
  if (real !== dir && !real.startsWith(dir + sep) && folder !== stackDir) {
    throw new ProgramError(`${name} was not written: ${folder} leads out of the program's directory.`);
  }
  await writeDurably(path, after).catch((cause: unknown) => {
    const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const why = isThere ? "there is such a file by now" : String(cause);
    throw new ProgramError(`${name} was not written: ${why}. Run it again.`, { cause });
  });
}

async function replaceFile({ path, name, after }: PlannedWrite, before: string): Promise<void> {
  const real = await realpath(path);
  const changed = Buffer.compare(await readFile(real), Buffer.from(before)) !== 0;
  if (changed) throw new ProgramError(`${name} was not written: it has changed meanwhile. Run it again.`);
  const { mode } = await stat(real);
  const temporary = join(dirname(real), `.${basename(real)}.${process.pid}.new`);
  try {
    await writeDurably(temporary, after, { mode });
    await moveDurably(temporary, real);
  } finally {
    await rm(temporary, { force: true });
  }
}
