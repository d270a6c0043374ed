import path from "node:path";
import { findProgram } from "./find-program.ts";
import { cachedGoTool, ensureGoTool } from "./go-tool.ts";

/** Debian's name of the program, and upstream's. */
export const alertmanagerNames = ["prometheus-alertmanager", "alertmanager"];
export const alertmanagerInstall =
  "npm run setup (needs Go, https://go.dev/dl/), or apt-get install prometheus-alertmanager";

/** The folder of the Alertmanager that an earlier set-up has built. */
export function cachedAlertmanager(): string | undefined {
  return cachedGoTool("alertmanager");
}

/** The folder of a real Alertmanager: the one on the path, else upstream's, built from its Go module. */
export async function ensureAlertmanager(): Promise<string> {
  const onThePath = findProgram(alertmanagerNames);
  return onThePath === undefined ? await ensureGoTool("alertmanager") : path.dirname(onThePath);
}
