import { readdir, readFile } from "node:fs/promises";

/**
 * Ends the processes that a job has left behind, as GitHub does: they are known by the RUNNER_TRACKING_ID that they were
 * started with. A process that is to outlive its job must be started without it.
 */
export async function killOrphans(trackingId: string): Promise<void> {
  const marker = `RUNNER_TRACKING_ID=${trackingId}`;
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    if (!environment.split("\0").includes(marker)) continue;
    try {
      process.kill(Number(id), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
