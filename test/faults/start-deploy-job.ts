import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REPO } from "../apply/support/deploy-repository.ts";
import { type RunningProcess, startProcess } from "../world/start-process.ts";
import type { DeployWorld } from "./deploy-case.ts";

const ENTRY = fileURLToPath(new URL("../../action/main.ts", import.meta.url));

/** The Action as the runner starts it, as a process of its own. `pulumiFault` is for the `pulumi` of `makeFaultyPulumi`. */
export async function startDeployJob(
  { repository, token }: DeployWorld,
  command: "apply" | "publish",
  before: string,
  pulumiFault: { path: string; environment: Record<string, string> } | null,
): Promise<RunningProcess> {
  const { stack, github, jobVariables } = repository;
  const folder = join(stack.environment.HOME ?? "", "job");
  await mkdir(folder, { recursive: true });
  const event = join(folder, "event.json");
  await writeFile(event, JSON.stringify({ before, repository: { default_branch: "main" } }));
  const faulty =
    pulumiFault === null
      ? {}
      : { ...pulumiFault.environment, PATH: `${pulumiFault.path}:${stack.environment.PATH}` };
  return startProcess(process.execPath, [ENTRY], {
    cwd: folder,
    env: {
      ...stack.environment,
      ...faulty,
      ...jobVariables,
      INPUT_COMMAND: command,
      "INPUT_STACK-NAME": "dev",
      "INPUT_WORK-DIR": "deploy",
      "INPUT_GITHUB-TOKEN": token,
      GITHUB_REPOSITORY: REPO,
      GITHUB_SHA: (await github.readRef(REPO, "main")) ?? "",
      GITHUB_REF: "refs/heads/main",
      GITHUB_EVENT_NAME: "push",
      GITHUB_EVENT_PATH: event,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_SERVER_URL: github.url,
      GITHUB_WORKSPACE: join(stack.workDir, ".."),
    },
  });
}
