import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { FolderForge } from "../../src/forge/folder-forge.ts";
import { type FileCommitRequest, ForgeError, type StackPlace } from "../../src/forge/forge.ts";

/**
 * What a process of its own commits, where it is killed (around its so-manieth rename, each of which makes a step final), and what a
 * person writes into the stack file right after the first.
 */
export type CommitterTask = {
  workDir: string;
  stateDir: string;
  place: StackPlace;
  request: FileCommitRequest;
  killed: { rename: number; when: "before" | "after" } | null;
  edited: string | null;
};

const task: CommitterTask = JSON.parse(process.argv[2] ?? "");
afterRenames(task);
const { workDir, stateDir, place, request } = task;
const forge = new FolderForge({ workDir, stateDir, readUpdates: async () => [], clock: Date.now });
try {
  process.stdout.write(`committed ${await forge.commit(place, request)}`);
} catch (error) {
  const { code, message } = error instanceof ForgeError ? error : { code: "bug", message: String(error) };
  process.stdout.write(`${code} ${message}`);
}

function afterRenames({ killed, edited, workDir, place }: CommitterTask): void {
  const { rename } = fs.promises;
  let renames = 0;
  fs.promises.rename = async (...paths) => {
    renames += 1;
    const isLast = renames === killed?.rename;
    if (isLast && killed?.when === "before") await die();
    await rename(...paths);
    if (isLast) await die();
    if (renames === 1 && edited !== null) fs.writeFileSync(join(workDir, place.path), edited);
  };
  syncBuiltinESMExports();
}

/** The signal takes a moment, in which nothing more may happen. */
async function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}
