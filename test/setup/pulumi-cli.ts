import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import semver from "semver";
import { progress } from "./cache.mjs";
import { cachedFolder, makeCachedFolder } from "./cached-folder.ts";
import { findProgram } from "./find-program.ts";
import { requireGo, runGo } from "./go-build.ts";
import { runStep, StepFailed } from "./step.mjs";

/** The oldest CLI that the tests have run with: the one that is built from Go modules. */
export const oldestPulumiVersion = "3.258.0";

/** What a folder must hold to run programs in TypeScript and YAML and dynamic providers. */
const programs = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-language-yaml",
  "pulumi-resource-pulumi-nodejs",
];

// Three modules, as they need different versions of the SDK. The Node.js language host is the last one that lies inside
// the SDK's module; it runs programs of today's @pulumi/pulumi under this CLI.
const version = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const builds = [
  {
    program: "pulumi",
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: `-s -w -X ${version}=v${oldestPulumiVersion}`,
  },
  {
    program: "pulumi-language-nodejs",
    module: "nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: `-s -w -X ${version}=v3.68.0`,
  },
  {
    program: "pulumi-language-yaml",
    module: "yaml",
    package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ldflags: "-s -w",
  },
];
const modulesFolder = fileURLToPath(new URL("pulumi-cli", import.meta.url));
const sdkFolder = path.dirname(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));

/**
 * The folder of a Pulumi CLI with its language hosts: the one on the path when it is recent enough, else the official
 * release, else, where that cannot be downloaded, one built from Go modules.
 */
export async function ensurePulumi(): Promise<string> {
  return (
    (await pulumiOnThePath()) ?? cachedPulumi() ?? (await installOfficial()) ?? (await buildFromModules())
  );
}

/** The folder of the CLI that an earlier set-up has cached. */
export function cachedPulumi(): string | undefined {
  return [cachedFolder("pulumi", officialVersion()), cachedFolder("pulumi", builtVersion())]
    .map((folder) => path.join(folder, "bin"))
    .find((folder) => programs.every((program) => findProgram([program], [folder]) !== undefined));
}

async function pulumiOnThePath(): Promise<string | undefined> {
  const found = programs.map((program) => findProgram([program]));
  const cli = found[0];
  if (cli === undefined) return undefined;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const answer = await runStep(cli, ["version"], { stdout: "return", env, timeoutMs: 20_000 }).catch(
    () => "",
  );
  const parsed = semver.parse(answer.trim());
  const missing = programs.filter((_, index) => found[index] === undefined);
  if (parsed !== null && semver.gte(parsed, oldestPulumiVersion) && missing.length === 0)
    return path.dirname(cli);
  const why = missing.length > 0 ? `lacks ${missing.join(", ")}` : `is older than ${oldestPulumiVersion}`;
  progress(`the Pulumi CLI on the path (${cli}, ${answer.trim() || "no version"}) ${why}; using another one`);
  return undefined;
}

/** The release of the same version as the SDK. */
function officialVersion(): string {
  const version: unknown = JSON.parse(readFileSync(path.join(sdkFolder, "package.json"), "utf8")).version;
  return String(version);
}

async function installOfficial(): Promise<string | undefined> {
  const isReachable = await fetch("https://get.pulumi.com/install.sh", {
    method: "HEAD",
    signal: AbortSignal.timeout(10_000),
  }).then(
    (response) => response.ok,
    () => false,
  );
  if (!isReachable) {
    progress("https://get.pulumi.com cannot be reached");
    return undefined;
  }
  try {
    const version = officialVersion();
    const folder = await makeCachedFolder("pulumi", version, async (folder) => {
      progress(`downloading the Pulumi CLI ${version}, once`);
      const install = fileURLToPath(new URL("install-official-pulumi.ts", import.meta.url));
      await runStep(process.execPath, [install, folder, version], { timeoutMs: 600_000 });
      const missing = programs.filter((program) => !existsSync(path.join(folder, "bin", program)));
      if (missing.length > 0)
        throw new StepFailed(`the release of Pulumi ${version} lacks ${missing.join(", ")}`, 1);
    });
    return path.join(folder, "bin");
  } catch (error) {
    // An interruption ends the set-up; anything else is a reason to build.
    if (!(error instanceof StepFailed) || error.exitCode !== 1) throw error;
    progress(`the Pulumi CLI could not be downloaded: ${error.message}`);
    return undefined;
  }
}

/** Names the recipe too: another recipe is another folder. */
function builtVersion(): string {
  const recipe = createHash("sha256").update(JSON.stringify(builds));
  for (const { module } of builds) recipe.update(readFileSync(path.join(modulesFolder, module, "go.mod")));
  return `${oldestPulumiVersion}-go-${recipe.digest("hex").slice(0, 8)}`;
}

async function buildFromModules(): Promise<string> {
  const folder = await makeCachedFolder("pulumi", builtVersion(), async (folder) => {
    requireGo("the Pulumi CLI", `, or put Pulumi ${oldestPulumiVersion} or newer on the path`);
    const bin = path.join(folder, "bin");
    mkdirSync(bin);
    for (const { program, module, package: goPackage, ldflags } of builds) {
      progress(`building ${program} from its Go module; the three of them take a few minutes, once`);
      await runGo(["build", "-mod=readonly", "-o", path.join(bin, program), "-ldflags", ldflags, goPackage], {
        cwd: path.join(modulesFolder, module),
      });
    }
    const dynamicProvider = "pulumi-resource-pulumi-nodejs";
    cpSync(path.join(sdkFolder, dynamicProvider), path.join(bin, dynamicProvider));
  });
  return path.join(folder, "bin");
}
