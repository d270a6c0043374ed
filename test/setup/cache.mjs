// Plain JavaScript without dependencies, as everything that runs before the packages are there.
import os from "node:os";
import path from "node:path";

/** Where set-up keeps what it made, outside the tree, for every clone on this machine. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME;
  return path.join(base && path.isAbsolute(base) ? base : path.join(os.homedir(), ".cache"), "pulumiscale");
}

/**
 * One line of progress, on stderr: stdout belongs to the command that was asked for.
 * @param {string} message
 */
export function progress(message) {
  process.stderr.write(`set-up: ${message}\n`);
}
