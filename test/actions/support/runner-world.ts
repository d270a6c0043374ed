import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitHubStandIn } from "../../github/github-stand-in.ts";
import { startGitHub } from "../../github/start-github.ts";
import { type ActionsRunner, type ActionsRunnerOptions, startActionsRunner } from "../actions-runner.ts";
import { createGitHubHost } from "../github-host.ts";
import type { Run } from "../run.ts";

export interface RunnerWorld extends AsyncDisposable {
  readonly github: GitHubStandIn;
  readonly runner: ActionsRunner;
  /** A folder for what steps leave to be looked at. */
  readonly folder: string;
  /** Makes `octo/infra` with this workflow as deploy.yml. */
  seed(workflow: string, files?: Readonly<Record<string, string>>): Promise<void>;
  /** The same, and waits for what it starts; the answer is the newest run. */
  push(workflow: string, files?: Readonly<Record<string, string>>): Promise<Run>;
}

/** The stand-in for GitHub with a runner that listens to it. */
export async function startRunnerWorld(options: Partial<ActionsRunnerOptions> = {}): Promise<RunnerWorld> {
  const folder = await mkdtemp(join(tmpdir(), "runner-world-"));
  const github = await startGitHub();
  github.createUser("octo");
  const runner = await startActionsRunner({
    github: createGitHubHost(github),
    actions: {},
    ...options,
    env: { FOLDER: folder, ...options.env },
  });
  const seed = async (workflow: string, files: Readonly<Record<string, string>> = {}): Promise<void> => {
    const all = { ".github/workflows/deploy.yml": workflow, ...files };
    await github.createRepository({ owner: "octo", name: "infra", private: true, files: all });
    await runner.waitForIdle();
  };
  return {
    github,
    runner,
    folder,
    seed,
    push: async (workflow, files) => {
      await seed(workflow, files);
      return newest(runner.runs);
    },
    [Symbol.asyncDispose]: async () => {
      await runner.stop();
      await github.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A workflow with these steps, as YAML, in its one job, which each push starts. */
export function deploySteps(steps: string): string {
  return `on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:${steps}`;
}

export function newest(runs: readonly Run[]): Run {
  const run = runs.at(-1);
  if (run === undefined) throw new Error("There is no run.");
  return run;
}

/** Each step's name and outcome, as `build: success`. */
export function outcomes(run: Run): string[] {
  return run.steps.map((step) => `${step.name}: ${step.outcome}`);
}
