import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { cacheFolder } from "./cache.mjs";
import { withLock } from "./lock.mjs";

/** `<cache>/<name>/<version>`, whether it is there or not. */
export function cachedFolder(name: string, version: string): string {
  return path.join(cacheFolder(), name, version);
}

/**
 * The folder `<cache>/<name>/<version>`; where it is absent, `make` fills a folder that is then renamed to it. So it is
 * there as a whole or not at all, whoever else sets up at the same time and whenever somebody is killed.
 */
export async function makeCachedFolder(
  name: string,
  version: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const target = cachedFolder(name, version);
  if (existsSync(target)) return target;
  const parent = path.dirname(target);
  mkdirSync(parent, { recursive: true });
  await withLock(name, async () => {
    if (existsSync(target)) return;
    for (const entry of readdirSync(parent).filter((entry) => entry.startsWith(making))) {
      // Nobody else is making anything while we hold the lock: this is what a killed set-up has left.
      rmSync(path.join(parent, entry), { recursive: true, force: true });
    }
    const folder = mkdtempSync(path.join(parent, making));
    try {
      await make(folder);
      renameSync(folder, target);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return target;
}

const making = ".making-";
