import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { promisify } from "node:util";
import { z } from "zod";
import { systemClock } from "../clock.ts";

/**
 * Who a process is, for as long as anybody may ask: a process id alone is given to another process some day. `start`
 * is in ticks since the boot on Linux, elsewhere the text of `ps -o lstart=`; `boot` and `namespace` (of process ids, as
 * containers have their own) are null where the system tells none.
 */
export const ProcessIdentity = z.object({
  host: z.string().min(1),
  pid: z.int().positive(),
  start: z.string().min(1),
  boot: z.string().nullable(),
  namespace: z.string().nullable(),
  /** When it was seen alive. */
  seenAt: z.iso.datetime(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/**
 * Where a process is that was once seen. `gone` is only what surely no longer runs; `elsewhere` is what cannot be seen
 * from here, on another machine or beside this container, and may well be alive.
 */
export type Whereabouts = "alive" | "gone" | "elsewhere";

/** The identity of a process of this machine that is alive; null where there is none of that id. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const [seen, boot, namespace] = await Promise.all([seeProcess(pid), readBoot(), readNamespace()]);
  if (seen.kind !== "running") return null;
  const seenAt = new Date(systemClock()).toISOString();
  return { host: hostname(), pid, start: seen.start, boot, namespace, seenAt };
}

/** True only where the process ran on this machine and surely no longer does. In doubt it is alive. */
export async function isGone(identity: ProcessIdentity): Promise<boolean> {
  return (await locateProcess(identity)) === "gone";
}

export async function locateProcess(identity: ProcessIdentity): Promise<Whereabouts> {
  if (identity.host !== hostname()) return "elsewhere";
  const [boot, namespace] = await Promise.all([readBoot(), readNamespace()]);
  // Either this machine was started again since, or it is another one of the same name, which ran already at that time.
  if (boot !== identity.boot) return readBootTime() > Date.parse(identity.seenAt) ? "gone" : "elsewhere";
  if (namespace !== identity.namespace) return (await isRestartedContainer(identity)) ? "gone" : "elsewhere";
  const seen = await seeProcess(identity.pid);
  if (seen.kind === "unknown") return "alive";
  return seen.kind === "running" && seen.start === identity.start ? "alive" : "gone";
}

/**
 * When the process that has this id now was started, in milliseconds since the epoch, to some hundredths of a second;
 * null where no process has it, `unknown` where that cannot be told.
 */
export async function readStartTime(pid: number): Promise<number | "unknown" | null> {
  const seen = await seeProcess(pid);
  if (seen.kind === "none") return null;
  if (seen.kind === "unknown") return "unknown";
  // Linux shows programs 100 ticks a second, whatever the kernel itself counts in.
  const time = /^\d+$/.test(seen.start)
    ? readBootTime() + Number(seen.start) * 10
    : Date.parse(`${seen.start} UTC`);
  return Number.isNaN(time) ? "unknown" : time;
}

/** The fields of /proc/<pid>/stat that matter here; null where there is no such process, or no /proc. */
export async function readProcStat(
  pid: number | "self",
): Promise<{ state: string; session: number; start: string } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The name of the program stands in brackets and may hold brackets and spaces itself.
  const [state, , , session, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = rest[15];
  if (state === undefined || start === undefined || !/^\d+$/.test(start)) return null;
  return { state, session: Number(session), start };
}

type Seen = { kind: "running"; start: string } | { kind: "none" } | { kind: "unknown" };

async function seeProcess(pid: number): Promise<Seen> {
  const stat = await readProcStat(pid);
  if (stat !== null) {
    // Dead, and nobody has asked for its exit code: it holds nothing any more. A container's first process often never asks.
    return stat.state === "Z" || stat.state === "X"
      ? { kind: "none" }
      : { kind: "running", start: stat.start };
  }
  if (!isSignalable(pid)) return { kind: "none" };
  // Processes of other users may be hidden in /proc, and it is not there on every system.
  return (await readProcStat("self")) === null ? seeWithPs(pid) : { kind: "unknown" };
}

/** Whether some process has the id, of whichever user. */
function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

async function seeWithPs(pid: number): Promise<Seen> {
  const env = { LC_ALL: "C", TZ: "UTC" };
  const run = promisify(execFile)("/bin/ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env });
  const line = (await run.catch(() => ({ stdout: "" }))).stdout.trim();
  const [state = "", ...started] = line.split(/\s+/);
  const start = started.join(" ");
  if (state === "" || start === "") return { kind: "unknown" };
  return state.startsWith("Z") ? { kind: "none" } : { kind: "running", start };
}

/** The namespace of host names that a machine itself has; a container in it has the machine's name and not its own. */
const INITIAL_NAMES = "uts:[4026531838]";

/**
 * A container that was started again keeps its name and has a new namespace of processes, younger than what ran in the
 * one before, all of which died with it. An older namespace of the same name is a neighbour, whose processes may live.
 */
async function isRestartedContainer(identity: ProcessIdentity): Promise<boolean> {
  const [names, first] = await Promise.all([readlink("/proc/self/ns/uts").catch(() => null), seeProcess(1)]);
  const hasOwnName = names !== null && names !== INITIAL_NAMES;
  return hasOwnName && first.kind === "running" && Number(first.start) > Number(identity.start);
}

async function readBoot(): Promise<string | null> {
  const id = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return id.trim() || null;
}

function readNamespace(): Promise<string | null> {
  return readlink("/proc/self/ns/pid").catch(() => null);
}

function readBootTime(): number {
  return systemClock() - uptime() * 1000;
}
