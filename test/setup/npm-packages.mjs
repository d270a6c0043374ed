import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { progress } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { runStep, StepFailed } from "./step.mjs";

/**
 * Installs the npm packages of the tree `root` when they are not what package-lock.json says, and with them Node 24.
 * @param {string} root
 * @returns {Promise<string>} the folder of their programs, `node` among them
 */
export async function ensureNpmPackages(root) {
  const bin = path.join(root, "node_modules", ".bin");
  if (packageState(root) !== "installed") {
    const lockName = `npm-${createHash("sha256").update(fs.realpathSync(root)).digest("hex").slice(0, 16)}`;
    await withLock(lockName, async () => {
      const state = packageState(root);
      if (state === "installed") return;
      // `npm ci` begins by deleting all packages; where some merely changed, others may be running from them.
      const command = state === "missing" ? ["ci"] : ["install", "--no-save"];
      progress(`installing the npm packages (npm ${command.join(" ")}); this takes about a minute, once`);
      // NODE_ENV=production would leave out all of them.
      await runStep("npm", [...command, "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
        cwd: root,
      });
    });
    await requireNode24(path.join(bin, "node"));
  }
  return bin;
}

/**
 * Compares with the record that npm writes at the end of an installation: a killed one counts as missing, and the
 * times of files, which a checkout changes, do not matter.
 * @param {string} root
 * @returns {"installed" | "missing" | "outdated"}
 */
function packageState(root) {
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const found = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  if (found === undefined || !fs.existsSync(path.join(root, "node_modules", ".bin", "node")))
    return "missing";
  for (const [place, entry] of Object.entries(wanted ?? {})) {
    if (place === "") continue;
    const there = found[place];
    // Packages for other platforms are optional and not installed.
    if (there === undefined && entry.optional) continue;
    if (there?.version !== entry.version) return "outdated";
  }
  return "installed";
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** @param {string} node */
async function requireNode24(node) {
  const version = await runStep(node, ["--version"], { stdout: "return" }).catch(() => "none");
  if (Number.parseInt(version.slice(1), 10) >= 24) return;
  throw new StepFailed(
    `the npm package "node" brought no Node 24 (found: ${version.trim()}). Its install script downloads it: allow scripts ` +
      "(npm config get ignore-scripts), delete node_modules and run the command again",
    1,
  );
}
