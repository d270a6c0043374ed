import { existsSync } from "node:fs";
import path from "node:path";
import { progress } from "./cache.mjs";
import { cachedFolder, makeCachedFolder } from "./cached-folder.ts";
import { requireGo, runGo } from "./go-build.ts";

/** The programs that are built from their Go modules, which Go checks against its checksum database. */
export const goTools = {
  act: { version: "0.2.89", packages: ["github.com/nektos/act"] },
  /** The last one whose module holds all that it is built from. */
  alertmanager: {
    version: "0.31.1",
    packages: [
      "github.com/prometheus/alertmanager/cmd/alertmanager",
      "github.com/prometheus/alertmanager/cmd/amtool",
    ],
  },
  actionlint: { version: "1.7.12", packages: ["github.com/rhysd/actionlint/cmd/actionlint"] },
  /** An object store that speaks S3, on a folder. */
  versitygw: { version: "1.8.0", packages: ["github.com/versity/versitygw/cmd/versitygw"] },
} as const;

/** The folder that holds the program `name`, which is built when it is not in the cache. */
export async function ensureGoTool(name: keyof typeof goTools): Promise<string> {
  const tool = goTools[name];
  return await makeCachedFolder(name, tool.version, async (folder) => {
    requireGo(name);
    progress(`building ${name} ${tool.version} from its Go module; this takes some minutes, once`);
    await runGo(["install", ...tool.packages.map((name) => `${name}@v${tool.version}`)], {
      cwd: path.parse(folder).root,
      env: { GOBIN: folder },
    });
  });
}

/** The folder of the program that an earlier set-up has cached. */
export function cachedGoTool(name: keyof typeof goTools): string | undefined {
  const folder = cachedFolder(name, goTools[name].version);
  return existsSync(folder) ? folder : undefined;
}
