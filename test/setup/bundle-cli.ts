// node bundle-cli.ts : writes what the npm package holds beside its package.json, README and LICENSE. npm pack runs it.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { z } from "zod";
import { commonJsBanner, withoutTypescript } from "./bundle-action.ts";
import { progress } from "./cache.mjs";
import { leanKubernetesClient } from "./lean-kubernetes-client.ts";
import { readThirdPartyLicenses } from "./third-party-licenses.ts";

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bundles the command lines of the tree `root` into JavaScript that needs no packages: a file for each command, loaded
 * when it is called, and those that several share. Answers file names and what they hold. Writes nothing.
 */
export async function bundleCli(root: string): Promise<Map<string, string | Uint8Array>> {
  const node = oldestNode(readFileSync(path.join(root, "package.json"), "utf8"));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: "src/cli/main.ts", "infra-scale": "src/cli/infra-scale.ts" },
    outdir: "dist",
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "node",
    target: `node${node}`,
    format: "esm",
    banner: { js: commonJsBanner },
    legalComments: "eof",
    charset: "utf8",
    logLevel: "warning",
    plugins: [withoutTypescript, withNamedExports, leanKubernetesClient],
    // The same bytes also where node_modules is a link to another folder.
    preserveSymlinks: true,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  return new Map<string, string | Uint8Array>([
    ["pulumiscale.js", launcher(node, "main.js")],
    ["infra.scale.js", launcher(node, "infra-scale.js")],
    ...outputFiles.map((file): [string, Uint8Array] => [path.basename(file.path), file.contents]),
    ["repository-file.schema.json", readFileSync(path.join(root, "src/domain/repository-file.schema.json"))],
    ["scale-plan.schema.json", readFileSync(path.join(root, "src/kubernetes/scale-plan.schema.json"))],
    [
      "plan-receipt.schema.json",
      readFileSync(path.join(root, "src/kubernetes/apply/plan-receipt.schema.json")),
    ],
    ["prices.schema.json", readFileSync(path.join(root, "src/kubernetes/prices.schema.json"))],
    ["THIRD_PARTY_LICENSES.txt", readThirdPartyLicenses(root, inputs)],
  ]);
}

/** A file of a bundle gives only the default export of a package in CommonJS that is imported when it is needed. */
const withNamedExports: Plugin = {
  name: "with-named-exports",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind, importer, resolveDir }) =>
      kind === "dynamic-import" && !importer.includes("node_modules")
        ? { path, namespace: "with-named-exports", pluginData: resolveDir }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "with-named-exports" }, ({ path, pluginData: resolveDir }) => {
      const names = Object.keys(require(path)).filter((name) => name !== "default");
      return { contents: `export { ${names.join(", ")} } from ${JSON.stringify(path)};`, resolveDir };
    });
  },
};

/** "22.20" of `engines: { node: ">=22.20" }`. */
function oldestNode(manifest: string): string {
  const { engines } = z
    .object({ engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) })
    .parse(JSON.parse(manifest));
  return engines.node.slice(2);
}

/** An older Node, as npx starts with hardly a word, would end in an error that says nothing about its age. */
function launcher(node: string, entry: string): string {
  const [major, minor] = node.split(".");
  return `#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major > ${major} || (major === ${major} && minor >= ${minor})) await import("./${entry}");
else {
  console.error(\`PulumiScale needs Node ${node} or newer, and this is Node \${process.versions.node}: https://nodejs.org\`);
  process.exitCode = 1;
}
`;
}

async function main(): Promise<void> {
  const folder = path.join(here, "dist");
  const files = await bundleCli(here);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of files) writeFileSync(path.join(folder, name), contents);
  for (const bin of ["pulumiscale.js", "infra.scale.js"]) chmodSync(path.join(folder, bin), 0o755);
  progress(`dist written (${files.size} files)`);
}

if (import.meta.main) await main();
