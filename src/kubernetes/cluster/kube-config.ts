import { readFile } from "node:fs/promises";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { ClusterError } from "./cluster-error.ts";
import { quoteText } from "./quote-text.ts";

/** A kubeconfig of one context alone. Throws `ClusterError` where no file has it, or where it leads to no cluster. */
export async function readKubeConfig(files: readonly string[], context: string): Promise<KubeConfig> {
  const config = new KubeConfig();
  for (const file of files) addMissing(config, await readOne(file));
  config.setCurrentContext(context);
  const names = config.getContexts().map(({ name }) => quoteText(name, 100));
  const quoted = quoteText(context, 100);
  if (!config.getContexts().some(({ name }) => name === context)) {
    const known = names.length === 0 ? "it names none" : `it has ${names.slice(0, 20).join(", ")}`;
    throw new ClusterError("kubeconfig", `The kubeconfig has no context ${quoted}; ${known}.`);
  }
  if (config.getCurrentCluster() === null) {
    throw new ClusterError("kubeconfig", `The kubeconfig has no cluster for the context ${quoted}.`);
  }
  return config;
}

/** The current context, as kubectl finds it; null where no file names one. Throws `ClusterError`. */
export async function readCurrentContext(files: readonly string[]): Promise<string | null> {
  for (const file of files) {
    const context = (await readOne(file)).getCurrentContext();
    if (typeof context === "string" && context !== "") return context;
  }
  return null;
}

/** As kubectl has it: a file of the list that is not there counts as empty. */
async function readOne(file: string): Promise<KubeConfig> {
  const config = new KubeConfig();
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw new ClusterError("kubeconfig", `The kubeconfig ${quoteText(file)} cannot be read.`);
  });
  if (text.trim() === "") return config;
  try {
    config.loadFromString(text);
    config.makePathsAbsolute(path.dirname(path.resolve(file)));
    return config;
  } catch {
    // What it says of the file may quote it, and with it a token.
    throw new ClusterError("kubeconfig", `The kubeconfig ${quoteText(file)} is not one that can be read.`);
  }
}

/** As kubectl has it: of two of a name, the first counts. */
function addMissing(config: KubeConfig, more: KubeConfig): void {
  const missing = <Entry extends { name: string }>(all: readonly Entry[], others: readonly Entry[]) =>
    others.filter(({ name }) => !all.some((one) => one.name === name));
  config.contexts.push(...missing(config.contexts, more.contexts));
  config.clusters.push(...missing(config.clusters, more.clusters));
  config.users.push(...missing(config.users, more.users));
}
