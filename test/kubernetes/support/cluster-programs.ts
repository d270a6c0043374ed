import { dirname, join } from "node:path";
import type { kubernetesPrograms } from "../../setup/kubernetes.ts";
import { type RunningProcess, startProcess } from "../../world/start-process.ts";

type ProgramName = (typeof kubernetesPrograms)[number];

/** The running programs of one cluster. */
export type ClusterPrograms = {
  start(name: ProgramName, args: readonly string[]): RunningProcess;
  /** Throws with the last words of one that has ended by itself and is not given up. */
  check(): void;
  giveUp(process: RunningProcess): Promise<void>;
  /** Ends all of them, at once: nothing of it is worth an orderly end. */
  kill(): Promise<void>;
  /** The folder of what kwok's nodes and pods do. */
  stages: string;
};

/** The programs that lie beside `apiServer`, each started in `folder`. */
export function openClusterPrograms(apiServer: string, folder: string): ClusterPrograms {
  const bin = dirname(apiServer);
  const started = new Map<RunningProcess, ProgramName>();
  return {
    stages: join(bin, "..", "stages"),
    start: (name, args) => {
      // Nothing that the person at this machine has configured has a say.
      const process = startProcess(join(bin, name), args, {
        cwd: folder,
        env: { HOME: folder, KUBECONFIG: undefined },
      });
      started.set(process, name);
      return process;
    },
    check: () => {
      for (const [process, name] of started)
        if (process.child.exitCode !== null)
          throw new Error(`${name} ended by itself:\n${process.lines.slice(-20).join("\n")}`);
    },
    giveUp: async (process) => {
      await process.kill();
      started.delete(process);
    },
    kill: async () => {
      await Promise.all([...started.keys()].map((process) => process.kill()));
    },
  };
}
