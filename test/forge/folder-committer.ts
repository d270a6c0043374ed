import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { FolderForge } from "../../src/forge/folder-forge.ts";
import { type FileCommitRequest, ForgeError, type StackPlace } from "../../src/forge/forge.ts";

/** What a process of its own commits, and where it is killed: around its so-manieth rename, each of which makes a step final. */
export type CommitterTask = {
  workDir: string;
  stateDir: string;
  place: StackPlace;
  request: FileCommitRequest;
  killed: { rename: number; when: "before" | "after" } | null;
};

const task: CommitterTask = JSON.parse(process.argv[2] ?? "");
if (task.killed !== null) dieAtRename(task.killed.rename, task.killed.when);
const { workDir, stateDir, place, request } = task;
const forge = new FolderForge({ workDir, stateDir, readUpdates: async () => [], clock: Date.now });
try {
  process.stdout.write(`committed ${await forge.commit(place, request)}`);
} catch (error) {
  const { code, message } = error instanceof ForgeError ? error : { code: "bug", message: String(error) };
  process.stdout.write(`${code} ${message}`);
}

function dieAtRename(nth: number, when: "before" | "after"): void {
  const { rename } = fs.promises;
  let renames = 0;
  fs.promises.rename = async (...paths) => {
    renames += 1;
    if (renames === nth && when === "before") await die();
    await rename(...paths);
    if (renames === nth) await die();
  };
  syncBuiltinESMExports();
}

/** The signal takes a moment, in which nothing more may happen. */
async function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}
