import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where Pulumi keeps the stacks, and what it needs to get there. */
export type Backend = { url: string; environment: Environment };

/** A folder for everything of one test, with a home and a backend of its own. */
export type Home = {
  root: string;
  /** The work tree's root, or the plain folder where there is no git. */
  repository: string;
  /** Where the programs keep what they scale: worker processes, groups. */
  directory: string;
  environment: Environment;
  /** Runs a program in a folder and answers its stdout. */
  run: (program: string, args: readonly string[], cwd: string) => Promise<string>;
  remove: () => Promise<void>;
};

/** Makes the folder. Without a backend, a `file://` one in it is taken. */
export async function makeHome(backend?: Backend): Promise<Home> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "pulumiscale-sidecar-")));
  const [repository, directory] = [join(root, "work"), join(root, "scaled")];
  await Promise.all(["backend", "work", "scaled"].map((name) => mkdir(join(root, name))));
  await symlink(modules, join(root, "node_modules"));
  const environment = {
    ...process.env,
    HOME: root,
    GIT_CONFIG_NOSYSTEM: "1",
    PULUMI_HOME: join(root, "home"),
    PULUMI_BACKEND_URL: `file://${join(root, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The official CLI would otherwise take its own copy of the package's plugins.
    PULUMI_IGNORE_AMBIENT_PLUGINS: undefined,
    ...(backend === undefined ? {} : { ...backend.environment, PULUMI_BACKEND_URL: backend.url }),
  };
  return {
    root,
    repository,
    directory,
    environment,
    run: async (program, args, cwd) => {
      const { stdout } = await run(program, [...args], { cwd, env: environment, maxBuffer: 50_000_000 });
      return stdout;
    },
    // A worker process ends when its file is gone.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}

/** Makes the repository a git work tree and commits all that is in it. */
export async function commitAll({ run, repository }: Home): Promise<void> {
  const git = (...args: string[]) => run("git", args, repository);
  await git("init", "--quiet", "--initial-branch=main");
  await git("config", "user.name", "Ada");
  await git("config", "user.email", "ada@example.com");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=feat: the infrastructure");
}
