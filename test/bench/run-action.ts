import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeployRepository, REPO } from "../apply/support/deploy-repository.ts";

export const BUNDLE = fileURLToPath(new URL("../../action/dist/index.js", import.meta.url));

/** A push as its workflow run sees it. */
export type PushedRun = { readonly before: string; readonly after: string };

/**
 * Runs the Action's `apply` as the runner does: the bundle as a process, with inputs, an event and files for its outputs.
 * Answers how long the process took, in milliseconds; throws with its log where it failed.
 */
export async function runAction(
  { github, stack, jobVariables }: DeployRepository,
  { before, after }: PushedRun,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const workspace = join(stack.workDir, "..");
  const folder = await mkdtemp(join(workspace, "..", "runner-"));
  const event = { before, repository: { default_branch: "main" } };
  await writeFile(join(folder, "event.json"), JSON.stringify(event));
  const permissions = { contents: "write", checks: "write", metadata: "read" } as const;
  const token = github.issueToken({ kind: "workflow", repo: REPO, permissions });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [BUNDLE], {
    cwd: folder,
    env: {
      ...environment,
      ...jobVariables,
      "INPUT_STACK-NAME": stack.name,
      "INPUT_WORK-DIR": "deploy",
      "INPUT_GITHUB-TOKEN": token,
      GITHUB_REPOSITORY: REPO,
      GITHUB_SHA: after,
      GITHUB_REF: "refs/heads/main",
      GITHUB_EVENT_NAME: "push",
      GITHUB_EVENT_PATH: join(folder, "event.json"),
      GITHUB_API_URL: github.apiUrl,
      GITHUB_SERVER_URL: github.url,
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (log += data));
  await once(child, "close");
  const elapsedMs = performance.now() - startedMs;
  await rm(folder, { recursive: true, force: true });
  if (child.exitCode !== 0) throw new Error(`the Action ended with ${child.exitCode}:\n${log.slice(-4000)}`);
  return elapsedMs;
}
