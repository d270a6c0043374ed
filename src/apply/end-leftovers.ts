import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { locateProcess, type ProcessIdentity, readProcStat } from "./process-identity.ts";
import { RUN_VARIABLE, type UpdateRecord } from "./update-record.ts";

const GRACE_MS = 5000;
const POLL_MS = 100;

/**
 * Ends the plugins that a killed Pulumi has left behind, and answers how many there were. They live on for minutes, and
 * a provider goes on with the operation that it was doing: it would still write the old value after the next update has
 * written a new one, and no one would know. What they do is lost for the state in any case.
 *
 * A process is ended only where it is of the dead process's session and carries the run's own mark in its environment;
 * what a program has started on purpose, to outlive the update, has a session of its own. Finds them on Linux only.
 */
export async function endLeftovers(record: UpdateRecord): Promise<number> {
  if ((await locateProcess(record.process)) !== "gone") return 0;
  const leftovers = await findLeftovers(record);
  if (leftovers.length === 0) return 0;
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    for (const pid of await findLeftovers(record)) signal(pid, name);
    for (let waited = 0; waited < GRACE_MS && (await findLeftovers(record)).length > 0; waited += POLL_MS) {
      await delay(POLL_MS);
    }
  }
  return leftovers.length;
}

async function findLeftovers({ process: identity, run }: UpdateRecord): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    names.filter((name) => /^[1-9]\d*$/.test(name)).map((name) => isLeftover(Number(name), identity, run)),
  );
  return found.filter((pid) => pid !== null);
}

async function isLeftover(pid: number, identity: ProcessIdentity, run: string): Promise<number | null> {
  const stat = await readProcStat(pid);
  if (stat === null || stat.session !== identity.pid || stat.state === "Z" || stat.state === "X") return null;
  // Readable only for processes of the same user.
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  return environment.split("\0").includes(`${RUN_VARIABLE}=${run}`) ? pid : null;
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
