import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { progress } from "./cache.mjs";
import { cachedFolder, makeCachedFolder } from "./cached-folder.ts";
import { findProgram } from "./find-program.ts";
import { runStep, StepFailed } from "./step.mjs";

/** Debian's name of the program, and upstream's. */
export const alertmanagerNames = ["prometheus-alertmanager", "alertmanager"];
export const alertmanagerInstall =
  "apt-get install prometheus-alertmanager (or https://prometheus.io/download/#alertmanager, on the path)";
const debianPackage = "prometheus-alertmanager";

/** The folder of the Alertmanager that an earlier set-up has unpacked. */
export function cachedAlertmanager(): string | undefined {
  const program = findProgram(alertmanagerNames, [cachedFolder(debianPackage, "debian")]);
  return program && path.dirname(program);
}

/**
 * The folder of a real Alertmanager: the one on the path, else Debian's, unpacked into the cache. Unpacked and not
 * installed, since installing it would start a service on this machine.
 */
export async function ensureAlertmanager(): Promise<string> {
  const onThePath = findProgram(alertmanagerNames);
  if (onThePath !== undefined) return path.dirname(onThePath);
  const cached = cachedAlertmanager();
  if (cached !== undefined) return cached;
  if (findProgram(["apt-get"]) === undefined || findProgram(["dpkg-deb"]) === undefined) {
    throw new StepFailed(`no Alertmanager here: ${alertmanagerInstall}`, 1);
  }
  return await makeCachedFolder(debianPackage, "debian", async (folder) => {
    const download = path.join(folder, "download");
    mkdirSync(download);
    progress("downloading Debian's prometheus-alertmanager, once");
    const get = () => runStep("apt-get", ["-q", "download", debianPackage], { cwd: download });
    try {
      await get();
    } catch (error) {
      const asRoot = rootPrefix();
      if (!(error instanceof StepFailed) || error.exitCode !== 1 || asRoot === undefined) throw error;
      progress("updating apt's lists of packages");
      const [program = "", ...args] = [...asRoot, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", "update"];
      await runStep(program, args, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
      await get();
    }
    const archive = readdirSync(download).find((file) => file.endsWith(".deb")) ?? "";
    await runStep("dpkg-deb", ["--extract", archive, "."], { cwd: download });
    cpSync(path.join(download, "usr", "bin", debianPackage), path.join(folder, debianPackage));
    rmSync(download, { recursive: true });
    await runStep(path.join(folder, debianPackage), ["--version"]);
  });
}

function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  // On a developer's machine nothing is done as root unasked; on a CI runner it is usual.
  return process.env.CI === "true" && findProgram(["sudo"]) !== undefined ? ["sudo", "-n"] : undefined;
}
