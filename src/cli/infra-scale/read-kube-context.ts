import { readFile } from "node:fs/promises";
import path from "node:path";

/**
 * The current context as kubectl finds it: that of the first of KUBECONFIG's files that names one, or of `~/.kube/config`. Null where
 * there is none, or none that can be read: it is told with the plan, and nothing depends on it.
 */
export async function readKubeContext(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const listed = (environment.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  const home = environment.HOME ?? environment.USERPROFILE ?? "";
  const files = listed.length > 0 ? listed : home === "" ? [] : [path.join(home, ".kube", "config")];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const context = text === "" ? "" : await parseCurrentContext(text);
    if (context !== "") return context;
  }
  return null;
}

/** Certificates make a kubeconfig long: only where its one line does not stand by itself is all of it parsed. */
async function parseCurrentContext(text: string): Promise<string> {
  const line = /^current-context:[^\n]*$/m.exec(text)?.[0];
  const { parse } = await import("yaml");
  try {
    const config: unknown = parse(line ?? text);
    const isNamed = typeof config === "object" && config !== null && "current-context" in config;
    const context = isNamed ? config["current-context"] : null;
    return typeof context === "string" ? context.slice(0, LONGEST) : "";
  } catch {
    return "";
  }
}

const LONGEST = 1000;
