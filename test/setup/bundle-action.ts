// node bundle-action.ts [--check] : writes the Action's bundle, or compares it with the committed one.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { progress } from "./cache.mjs";
import { leanKubernetesClient } from "./lean-kubernetes-client.ts";
import { StepFailed } from "./step.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bundles `entry` into one ES module that Node 24 runs without any packages: the same bytes on every machine.
 * Answers file names, relative to `folder`, and what they hold. Writes nothing.
 */
export async function bundleAction(entry: string, folder: string): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: path.join(folder, "index.js"),
    write: false,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: commonJsBanner },
    legalComments: "external",
    charset: "utf8",
    logLevel: "warning",
    plugins: [withoutTypescript, leanKubernetesClient],
  });
  return new Map(outputFiles.map((file) => [path.relative(folder, file.path), file.contents]));
}

/** Packages in CommonJS ask for these, which an ES module does not have. */
export const commonJsBanner = [
  `import { createRequire as bundleRequire } from "node:module";`,
  "const require = bundleRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
].join("");

/** Pulumi's SDK needs the compiler to serialise closures, which nothing of ours does; it is 9 MB. */
export const withoutTypescript: Plugin = {
  name: "without-typescript",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^typescript$|typescript-shim$/ }, ({ path }) => ({
      path,
      namespace: "without-typescript",
    }));
    onLoad({ filter: /.*/, namespace: "without-typescript" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** The names of the files in `folder` that differ from `wanted`, absent ones included. */
export function differingFiles(folder: string, wanted: ReadonlyMap<string, Uint8Array>): string[] {
  return [...wanted]
    .filter(([name, contents]) => !isSame(path.join(folder, name), contents))
    .map(([name]) => name);
}

function isSame(file: string, contents: Uint8Array): boolean {
  try {
    return readFileSync(file).equals(contents);
  } catch {
    return false;
  }
}

async function main(mode: string | undefined): Promise<void> {
  const folder = path.join(root, "action", "dist");
  const files = await bundleAction(path.join(root, "action", "main.ts"), folder);
  const bytes = files.get("index.js")?.length ?? 0;
  if (mode === "--check") {
    const different = differingFiles(folder, files);
    if (different.length === 0) return progress(`action/dist is what the sources give (${bytes} bytes)`);
    throw new StepFailed(
      `action/dist/${different.join(", ")} is not what the sources give: npm run bundle`,
      1,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of files) writeFileSync(path.join(folder, name), contents);
  progress(`action/dist written (${bytes} bytes)`);
}

if (import.meta.main) {
  try {
    await main(process.argv[2]);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    progress(error.message);
    process.exitCode = error.exitCode;
  }
}
