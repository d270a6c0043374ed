import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What `npm pack` has made of a copy of this tree. */
export type PackedTree = {
  /** The copy. */
  root: string;
  tarball: string;
  tarballBytes: number;
  unpackedBytes: number;
  /** Paths inside the package. */
  files: string[];
  remove: () => Promise<void>;
};

const PackReport = z.tuple([
  z.object({
    filename: z.string(),
    size: z.number(),
    unpackedSize: z.number(),
    files: z.array(z.object({ path: z.string() })),
  }),
]);

/** Copies the tree, without what git ignores, and runs `npm pack` in the copy: the tree itself stays as it is. */
export async function packTree(): Promise<PackedTree> {
  const home = await mkdtemp(path.join(tmpdir(), "pulumiscale-pack-"));
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const root = path.join(home, "tree");
    await copyTree(root);
    const { stdout } = await runNpm(["pack", "--json", "--pack-destination", home], root, home);
    const [report] = PackReport.parse(JSON.parse(stdout));
    return {
      root,
      tarball: path.join(home, report.filename),
      tarballBytes: report.size,
      unpackedBytes: report.unpackedSize,
      files: report.files.map((file) => file.path).sort(),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Copies the tree to the folder `root`, which links to the installed packages. */
async function copyTree(root: string): Promise<void> {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  for (const file of new Set(listed.split("\0"))) {
    // A file may be deleted and still be in the index.
    if (file === "" || !existsSync(path.join(ROOT, file))) continue;
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await cp(path.join(ROOT, file), path.join(root, file), { verbatimSymlinks: true });
  }
  await symlink(path.join(ROOT, "node_modules"), path.join(root, "node_modules"));
}

/** Runs npm with a cache of its own, offline, by the Node that runs this, free of the settings of an npm around it. */
export async function runNpm(
  args: readonly string[],
  cwd: string,
  home: string,
): Promise<{ stdout: string; stderr: string }> {
  return run("npm", args, { cwd, env: npmEnvironment(home), maxBuffer: 16 * 1024 * 1024 });
}

/** The environment of `runNpm`; `home` is a folder for its cache. */
export function npmEnvironment(home: string): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_"));
  return {
    ...Object.fromEntries(own),
    PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    npm_config_cache: path.join(home, "npm-cache"),
    npm_config_userconfig: path.join(home, "npmrc"),
    npm_config_offline: "true",
    npm_config_install_links: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
}
