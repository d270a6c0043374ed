import { readdirSync } from "node:fs";

/** How many worker processes of fixtures/programs/node-workers run: those whose pid files stand in the directory. */
export function countWorkers(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).filter(({ name }) => {
    const pid = /^(\d+)\.pid$/.exec(name)?.[1];
    return pid !== undefined && isAlive(Number(pid));
  }).length;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
