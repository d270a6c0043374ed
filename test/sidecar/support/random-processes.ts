import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, as /proc shows it. */
type Seen = { pid: number; parent: number };

/** The ids of all that a process has started, and what that has started, and so on. `which`: by command line, with what is below. */
export function descendantsOf(pid: number, which: (command: string) => boolean = () => true): number[] {
  const all = seeProcesses();
  const below = (parent: number, isMeant: boolean): number[] =>
    all
      .filter((seen) => seen.parent === parent)
      .flatMap(({ pid: child }) => {
        const isChildMeant = isMeant || which(commandOf(child));
        return [...(isChildMeant ? [child] : []), ...below(child, isChildMeant)];
      });
  return below(pid, false);
}

export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended in this moment.
    }
  }
}

/** The command lines of the processes whose home is this folder. */
export function processesOf(root: string): string[] {
  return seeProcesses()
    .filter(({ pid }) => read(pid, "environ").split("\0").includes(`HOME=${root}`))
    .map(({ pid }) => `${pid} ${commandOf(pid)}`);
}

function seeProcesses(): Seen[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(Number(name), "stat");
      // The name of the program stands in brackets and may hold brackets and spaces itself.
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === undefined || state === "Z" || state === "") return [];
      return [{ pid: Number(name), parent: Number(parent) }];
    });
}

function commandOf(pid: number): string {
  return read(pid, "cmdline").split("\0").join(" ").trim();
}

/** Empty where the process has ended meanwhile, or is another user's. */
function read(pid: number, name: "stat" | "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
