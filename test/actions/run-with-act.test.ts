import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { runGitText } from "../github/git/git-process.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { requireProgram } from "../setup/require-program.ts";
import { type ActWish, runWithAct } from "./run-with-act.ts";

let folder: string;
let github: GitHubStandIn;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "act-test-"));
  github = await startGitHub();
  github.createUser("octo");
});
afterEach(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A clone of a new `octo/infra` with this workflow, and what act needs to know to run it. */
async function prepare(workflow: string): Promise<Omit<ActWish, "act">> {
  const path = ".github/workflows/deploy.yml";
  await github.createRepository({ owner: "octo", name: "infra", private: true, files: { [path]: workflow } });
  const token = github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "read", metadata: "read" },
  });
  const credentials = Buffer.from(`x-access-token:${token}`).toString("base64");
  const header = `http.extraheader=AUTHORIZATION: basic ${credentials}`;
  const workspace = join(folder, "infra");
  await runGitText(folder, ["-c", header, "clone", "--quiet", `${github.url}/octo/infra.git`, workspace]);
  const after = await runGitText(workspace, ["rev-parse", "HEAD"]);
  return {
    workspace,
    workflow: path,
    event: {
      name: "push",
      payload: { ref: "refs/heads/main", after, deleted: false, repository: { default_branch: "main" } },
    },
    server: github,
    repository: { fullName: "octo/infra", id: 7 },
    actor: "octo",
    secrets: { GITHUB_TOKEN: token },
    localActions: { "acme/ask@v0": join(folder, "ask") },
  };
}

async function writeAction(): Promise<void> {
  await mkdir(join(folder, "ask"));
  await writeFile(
    join(folder, "ask", "action.yml"),
    `
    name: ask
    description: Asks GitHub about the repository.
    inputs:
      question: { description: a field of the repository, required: true }
      token: { description: token, default: "\${{ github.token }}" }
    outputs: { answer: { description: its value } }
    runs: { using: node24, main: main.mjs, post: post.mjs }
    `,
  );
  await writeFile(
    join(folder, "ask", "main.mjs"),
    `
    import { appendFileSync } from "node:fs";
    const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_OUTPUT, GITHUB_STATE, INPUT_TOKEN, INPUT_QUESTION } = process.env;
    const headers = { authorization: "Bearer " + INPUT_TOKEN };
    const repository = await (await fetch(GITHUB_API_URL + "/repos/" + GITHUB_REPOSITORY, { headers })).json();
    appendFileSync(GITHUB_OUTPUT, "answer=" + repository[INPUT_QUESTION] + "\\nnode=" + process.version.split(".")[0] + "\\n");
    appendFileSync(GITHUB_STATE, "asked=" + INPUT_QUESTION + "\\n");
    `,
  );
  await writeFile(join(folder, "ask", "post.mjs"), `console.log("asked for", process.env.STATE_asked);`);
}

test("a workflow with remote actions runs without network, against the stand-in for GitHub", async ({
  skip,
}) => {
  const act = requireProgram("act", skip);
  await writeAction();
  const wish = await prepare(`
    name: Deploy
    on: [push, workflow_dispatch]
    permissions: { contents: read }
    concurrency: { group: deploy, queue: max }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v5
          - { uses: acme/ask@v0, id: ask, with: { question: default_branch } }
          - { if: steps.ask.outputs.answer == 'main', run: "echo $LEVEL $GITHUB_SHA $(git rev-parse HEAD) \${{ secrets.GITHUB_TOKEN }}" }
          - { if: steps.ask.outputs.answer == 'other', name: never, run: "true" }
  `);
  const run = await runWithAct({ ...wish, act, env: { LEVEL: "one" } });
  expect(run.log).toContain("one");
  expect(run.exitCode).toBe(0);
  expect(run.steps.map(({ stage, name, result }) => `${stage} ${name.slice(0, 20)}: ${result}`)).toEqual([
    "Main actions/checkout@v5: success",
    "Main acme/ask@v0: success",
    "Main echo $LEVEL $GITHUB_: success",
    "Post acme/ask@v0: success",
  ]);
  expect(run.steps[1]?.outputs).toEqual({ answer: "main", node: "v24" });
  const { after } = z.object({ after: z.string() }).parse(wish.event.payload);
  expect(run.log).toContain(`one ${after} ${after} ***`);
  expect(run.log).toContain("asked for default_branch");
  expect(JSON.stringify(run)).not.toContain(wish.secrets.GITHUB_TOKEN);
  expect(github.violations).toEqual([]);
});

test("a step that fails fails the run, and an action that is nowhere does", async ({ skip }) => {
  const act = requireProgram("act", skip);
  const wish = await prepare(`
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps: [{ name: broken, run: exit 3 }, { name: after, run: "true" }]
  `);
  const failed = await runWithAct({ ...wish, act });
  expect(failed.exitCode).toBe(1);
  expect(failed.steps.map(({ name, result }) => `${name}: ${result}`)).toEqual(["broken: failure"]);

  await writeFile(
    join(wish.workspace, wish.workflow),
    "on: push\njobs: { deploy: { runs-on: ubuntu-latest, steps: [{ uses: acme/unknown@v1 }] } }\n",
  );
  const nowhere = await runWithAct({ ...wish, act });
  expect(nowhere.exitCode).toBe(1);
  expect(nowhere.log).toContain("acme/unknown");
});
