import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type RunningProcess, startProcess } from "./start-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type AppProcess = { readonly url: string; readonly process: RunningProcess };

/** Starts `pulumiscale app` as a process of its own, as an operator does, and waits until it is ready. */
export async function startAppProcess(environment: Readonly<Record<string, string>>): Promise<AppProcess> {
  const app = startProcess(process.execPath, ["src/cli/main.ts", "app"], {
    cwd: ROOT,
    env: { HOST: "127.0.0.1", PORT: "0", ...environment },
  });
  const line = await app.waitForLine(/"msg":"listening"/);
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(line)?.[1]}`;
  for (let tries = 0; (await fetch(`${url}/readyz`)).status !== 200; tries++) {
    if (tries > 200) throw new Error(`the app did not become ready:\n${app.lines.slice(-20).join("\n")}`);
    await sleep(50);
  }
  return { url, process: app };
}
