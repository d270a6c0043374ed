import { readFile } from "node:fs/promises";

/** The current context: that of the first file that names one. Null where there is none, or none that can be read. */
export async function readKubeContext(files: readonly string[]): Promise<string | null> {
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
