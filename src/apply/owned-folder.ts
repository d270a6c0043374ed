import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import { identifyProcess, type ProcessIdentity, readStartTime } from "./process-identity.ts";

/**
 * Makes a folder for what one run of Pulumi reads and writes. In `parent`, where one is given, its name says which process has made
 * it, so that `removeDeadFolders` finds it where that process is killed. Without one, or where it takes no folder, it is among the
 * system's temporary files.
 */
export async function makeOwnedFolder(kind: "run" | "config", parent: string | undefined): Promise<string> {
  const made = parent === undefined ? null : await makeIn(parent, kind).catch(() => null);
  return made ?? mkdtemp(join(tmpdir(), `pulumiscale-${kind}-`));
}

async function makeIn(parent: string, kind: "run" | "config"): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  return mkdtemp(join(parent, `pulumiscale-${kind}-${await nameSelf()}_`));
}

/** Whether a folder's own name is one that this file gives. */
export function isRunFolder(name: string): boolean {
  return /^pulumiscale-run-\w{1,60}$/.test(name);
}

const OWNED = /^pulumiscale-(?:run|config)-([0-9a-f]{8})_(\d{1,10})_([0-9a-f]{8})_\w{1,20}$/;

/** What another machine, or a boot before this one, has left is looked at by nobody: it may go after a day. */
const OLD_MS = 24 * 3_600_000;

/** Removes the folders in `parent` whose processes are gone, but for `kept`, by absolute path. What cannot be removed stays. */
export async function removeDeadFolders(
  parent: string,
  kept: ReadonlySet<string>,
  clock: Clock = systemClock,
): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const [, machine, pid, start] = OWNED.exec(name) ?? [];
    const path = join(parent, name);
    if (machine === undefined || pid === undefined || start === undefined || kept.has(path)) continue;
    const isDead =
      machine === (await nameMachine()) ? await isDeadHere(Number(pid), start) : await isOld(path, clock);
    if (isDead) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

async function isDeadHere(pid: number, start: string): Promise<boolean> {
  if ((await readStartTime(pid)) === null) return true;
  // A process that may not be looked at may be the one.
  const now = await identifyProcess(pid);
  return now !== null && hash(now.start) !== start;
}

async function isOld(path: string, clock: Clock): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found !== null && clock() - found.mtimeMs > OLD_MS;
}

let self: Promise<ProcessIdentity> | undefined;

/** This process stays who it is. */
function identifySelf(): Promise<ProcessIdentity> {
  self ??= identifyProcess(process.pid).then((found) => {
    if (found === null) throw new Error("the system does not tell when this process was started");
    return found;
  });
  return self;
}

async function nameSelf(): Promise<string> {
  const { pid, start } = await identifySelf();
  return `${await nameMachine()}_${pid}_${hash(start)}`;
}

/** Ids of processes mean something on one machine, since one boot, in one container alone. */
async function nameMachine(): Promise<string> {
  const { host, boot, namespace } = await identifySelf();
  return hash(JSON.stringify([host, boot, namespace]));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
