import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type DemoProgram, STACK } from "./make-program.ts";

/** `pulumiscale serve` as a process of its own. */
export type SidecarProcess = {
  url: string;
  /** What it has said so far, for when something goes wrong. */
  lines: readonly string[];
  /** Aborted at an interruption. */
  signal: AbortSignal;
  stop: () => Promise<void>;
};

const LISTENING = /listening on (http:\/\/127\.0\.0\.1:\d+)/;
const LINES = 15;

/** Starts it from the file that this process was started from. Throws where it ends before it listens. */
export async function startSidecarProcess(
  { workDir, environment }: DemoProgram,
  signal: AbortSignal,
): Promise<SidecarProcess> {
  const args = [process.argv[1] ?? "", "serve", "--dir", workDir, "--stack", STACK, "--port", "0"];
  const child = spawn(process.execPath, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  // A terminal's Ctrl-C reaches the child too; the second signal tells it not to wait for an update.
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  const lines: string[] = [];
  const { promise: url, resolve, reject } = Promise.withResolvers<string>();
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      const address = LISTENING.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  }
  ended.then(
    () => reject(new Error(`The sidecar did not start:\n${lines.slice(-LINES).join("\n")}`)),
    reject,
  );
  return {
    url: await url,
    lines,
    signal,
    stop: async () => {
      signal.removeEventListener("abort", end);
      end();
      await ended;
    },
  };
}
