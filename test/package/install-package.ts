import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { npmEnvironment, runNpm } from "./pack-tree.ts";

/** How a program ended, with all that it said. */
export type Ended = { exitCode: number; stdout: string; stderr: string };

/** A folder outside the tree into which the package has been installed, as people do. */
export type InstalledPackage = {
  folder: string;
  /** The program's file, for a process whose signals and end matter. */
  program: string;
  /** `npx --no-install pulumiscale <args>` there. */
  npx: (args: readonly string[], env?: Readonly<Record<string, string | undefined>>) => Promise<Ended>;
  remove: () => Promise<void>;
};

/** Installs `tarball` offline into `folder`, or into a new empty one. */
export async function installPackage(tarball: string, folder?: string): Promise<InstalledPackage> {
  const home = await mkdtemp(path.join(tmpdir(), "pulumiscale-install-"));
  const place = folder ?? home;
  await runNpm(["install", tarball], place, home);
  const bin = path.join(place, "node_modules", ".bin", "pulumiscale");
  return {
    folder: place,
    program: bin,
    npx: (args, env = {}) =>
      runToEnd("npx", ["--no-install", "pulumiscale", ...args], place, { ...npmEnvironment(home), ...env }),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** Runs a program to its end, whatever its exit code. */
export function runToEnd(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd, env }, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
