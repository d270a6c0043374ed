import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
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
  const file = await open(path, "wx").catch((cause: unknown) => {
    throw new ProgramError(`${name} was not written: there is such a file by now. Run it again.`, { cause });
  });
  try {
    await file.writeFile(after);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function replaceFile({ path, name, after }: PlannedWrite, before: string): Promise<void> {
  const real = await realpath(path);
  const changed = Buffer.compare(await readFile(real), Buffer.from(before)) !== 0;
  if (changed) throw new ProgramError(`${name} was not written: it has changed meanwhile. Run it again.`);
  const { mode } = await stat(real);
  const temporary = join(dirname(real), `.${basename(real)}.${process.pid}.new`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(after);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, real);
  } finally {
    await rm(temporary, { force: true });
  }
}
