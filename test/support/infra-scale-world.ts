import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { octokitOf } from "../github/octo-infra.ts";
import { startGitHub } from "../github/start-github.ts";

export const INFRA_SCALE = fileURLToPath(new URL("../../src/cli/infra-scale.ts", import.meta.url));

/** How a run has ended. `lines` are its answer, without the last line's end; `told` what it said beside it. */
export type InfraScaleRun = { code: number; lines: string[]; told: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** Nobody's credentials and nobody's cluster, unless a test gives them. */
const BARE: Environment = { GH_OWNER: "", GH_REPO: "", GITHUB_TOKEN: "", GITHUB_API_URL: "", KUBECONFIG: "" };

/** A folder to run in, which is also the home of who runs. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "infra-scale-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program to its end. */
export async function runProgram(
  command: readonly [string, ...string[]],
  cwd: string,
  environment: Environment = {},
): Promise<InfraScaleRun> {
  const [program, ...args] = command;
  const PATH = [path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
  const env = { ...process.env, ...BARE, PATH, HOME: cwd, ...environment };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, told] = [child.stdout, child.stderr].map((stream) => {
    const texts: string[] = [];
    stream.setEncoding("utf8").on("data", (text: string) => texts.push(text));
    return texts;
  });
  const [code]: unknown[] = await once(child, "close");
  const lines = (out ?? []).join("").replace(/\n$/, "").split("\n");
  return { code: Number(code), lines, told: (told ?? []).join("") };
}

/** Runs `infra.scale`. */
export function infraScale(
  cwd: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<InfraScaleRun> {
  return runProgram([process.execPath, INFRA_SCALE, ...args], cwd, environment);
}

/** The two files of the one plan that was made in a folder. */
export async function readArtifacts(cwd: string): Promise<{ name: string; plan: string; summary: string }> {
  const home = path.join(cwd, ".artifacts", "infra-scale");
  const [name = "", ...more] = (await readdir(home)).filter((entry) => entry !== ".gitignore");
  if (more.length > 0) throw new Error(`There is more than one plan: ${more.join(", ")}`);
  const read = (file: string) => readFile(path.join(home, name, file), "utf8");
  return { name, plan: await read("plan.yaml"), summary: await read("SUMMARY.md") };
}

/** GitHub with the repository your-org/your-repo, and the credentials of its owner. */
export async function startPlanWorld(options: Parameters<typeof startGitHub>[0] = {}) {
  const github = await startGitHub(options);
  onTestFinished(() => github.stop());
  github.createUser("your-org");
  await github.createRepository({
    owner: "your-org",
    name: "your-repo",
    files: { "README.md": "# infra\n" },
  });
  const token = github.issueToken({ kind: "user", login: "your-org" });
  const octokit = octokitOf(github, token);
  const repository = { owner: "your-org", repo: "your-repo" };
  // Described: GitHub's own description of a pull request in a list has no label without.
  const label = { name: "needs-approval", color: "d93f0b", description: "A person is asked" };
  await octokit.request("POST /repos/{owner}/{repo}/labels", { ...repository, ...label });
  const environment = {
    GH_OWNER: "your-org",
    GH_REPO: "your-repo",
    GITHUB_TOKEN: token,
    GITHUB_API_URL: github.apiUrl,
  };
  const openPulls = async () =>
    (await octokit.request("GET /repos/{owner}/{repo}/pulls", { ...repository, state: "open" })).data;
  return { github, octokit, repository, environment, openPulls };
}
