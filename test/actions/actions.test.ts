import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deploySteps, outcomes, type RunnerWorld, startRunnerWorld } from "./support/runner-world.ts";

let folder: string;
let world: RunnerWorld;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "actions-test-"));
  world = await startRunnerWorld({ actions: { "acme/greet": folder } });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
const greet = {
  "action.yml": `
    name: greet
    description: Says hello
    inputs:
      who-to greet: { description: who, required: true }
      token: { description: token, default: "\${{ github.token }}" }
      loud: { description: loud, default: false }
      unset: { description: nothing }
    outputs: { greeting: { description: what was said } }
    runs: { using: node24, main: dist/main.js, post: dist/post.js }
  `,
  "dist/main.js": `
    const { appendFileSync } = require("node:fs");
    const env = process.env;
    const write = (file, text) => appendFileSync(env[file], text + "\\n");
    const inputs = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("INPUT_")));
    if (!inputs.INPUT_TOKEN.startsWith("ghs_")) throw new Error("no token");
    delete inputs.INPUT_TOKEN;
    write("GITHUB_OUTPUT", "inputs=" + JSON.stringify(inputs));
    write("GITHUB_OUTPUT", "where=" + [process.cwd() === env.GITHUB_WORKSPACE, env.GITHUB_ACTION_REPOSITORY, env.GITHUB_ACTION_REF, process.version.split(".")[0]]);
    write("GITHUB_STATE", "said=hello");
    write("GITHUB_STEP_SUMMARY", "# Hello");
    if (env["INPUT_WHO-TO_GREET"] === "nobody") process.exit(1);
  `,
  "dist/post.js": `console.log("post said " + process.env.STATE_said + " to " + process.env["INPUT_WHO-TO_GREET"]);`,
};

test("a node24 action gets its inputs and defaults, and gives outputs, state and a summary", async () => {
  await write(greet);
  const run = await world.push(
    deploySteps(`
          - uses: actions/setup-node@v5
            with: { node-version: 24 }
          - { uses: acme/greet@v0, id: greet, with: { "who-to greet": "\${{ github.actor }}", extra: 1.10 } }
          - run: "true"
  `),
  );
  expect(outcomes(run)).toEqual([
    "Run actions/setup-node@v5: success",
    "Run acme/greet@v0: success",
    "Run true: success",
    "Post Run acme/greet@v0: success",
  ]);
  const { inputs = "", where } = run.steps[1]?.outputs ?? {};
  expect(JSON.parse(inputs)).toEqual({
    "INPUT_WHO-TO_GREET": "octo",
    INPUT_LOUD: "false",
    INPUT_EXTRA: "1.10",
  });
  expect(where).toBe("true,acme/greet,v0,v24");
  expect(run.jobs[0]?.summary).toBe("# Hello\n");
  expect(run.log).toContain("post said hello to octo");
  expect(run.jobs[0]?.annotations).toEqual([{ level: "warning", message: "Unexpected input(s) 'extra'" }]);
});

test("an action that fails fails its step; its post step runs all the same", async () => {
  await write(greet);
  const run = await world.push(`
    on: push
    jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ uses: acme/greet@v0, with: { "who-to greet": nobody } }] } }
  `);
  expect(outcomes(run)).toEqual(["Run acme/greet@v0: failure", "Post Run acme/greet@v0: success"]);
  expect(run.conclusion).toBe("failure");
});

test("an action that is nowhere fails its step, and says so", async () => {
  const run = await world.push(
    "on: push\njobs: { deploy: { runs-on: ubuntu-latest, steps: [{ uses: acme/unknown@v1 }] } }\n",
  );
  expect(run.conclusion).toBe("failure");
  expect(run.log).toContain("Unable to resolve action acme/unknown, repository not found");
});

test("an action in a folder of the repository, and one in a folder of a mapped one", async () => {
  const main = 'console.log("hello from " + __dirname.split("/").at(-1));';
  const manifest = "name: a\ndescription: a\nruns: { using: node24, main: main.js }\n";
  await write({ "sub/action.yml": manifest, "sub/main.js": main });
  const run = await world.push(
    `
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps: [{ uses: actions/checkout@v5 }, { uses: ./tools/local }, { uses: acme/greet/sub@main }]
    `,
    { "tools/local/action.yml": manifest, "tools/local/main.js": main },
  );
  expect(run.conclusion).toBe("success");
  expect(run.log).toContain("hello from local");
  expect(run.log).toContain("hello from sub");
});

test("a composite action has inputs, steps and outputs of its own", async () => {
  await write({
    "action.yml": `
      name: composite
      description: composite
      inputs: { stack: { description: stack, default: dev } }
      outputs: { said: { description: said, value: "\${{ steps.say.outputs.said }}!" } }
      runs:
        using: composite
        steps:
          - { id: say, shell: bash, run: 'echo "said=\${{ inputs.stack }} $LEVEL" >> "$GITHUB_OUTPUT"' }
          - { if: "inputs.stack == 'broken'", shell: bash, run: exit 1 }
    `,
  });
  const run = await world.push(`
    on: push
    env: { LEVEL: one }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - { uses: acme/greet@v0, id: first }
          - { uses: acme/greet@v0, id: second, with: { stack: prod }, env: { LEVEL: two } }
          - { uses: acme/greet@v0, id: third, with: { stack: broken } }
  `);
  expect(run.steps.map(({ outputs, outcome }) => [outputs.said, outcome])).toEqual([
    ["dev one!", "success"],
    ["prod two!", "success"],
    ["broken one!", "failure"],
  ]);
});

test("the deploy workflow: a full up runs only where the first step asks for it", async () => {
  const action = join(folder, "scale");
  await mkdir(action);
  await cp(join(import.meta.dirname, "support", "deploy-action"), action, { recursive: true });
  const deploy = `
    name: Deploy
    on:
      push: { branches: [main] }
      schedule: [{ cron: "*/15 * * * *" }]
      workflow_dispatch: {}
    permissions: { contents: write, statuses: write, pull-requests: write }
    concurrency: { group: deploy-dev, queue: max }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v5
          - { uses: acme/greet/scale@v0, id: scale, with: { command: apply } }
          - { if: steps.scale.outputs.full-needed == 'true', run: echo full up, working-directory: infra }
          - { if: steps.scale.outputs.full-needed == 'true', uses: acme/greet/scale@v0, with: { command: publish } }
  `;
  const run = await world.push(deploy, { "infra/index.ts": "code" });
  await world.github.commit("octo/infra", {
    files: { "infra/Pulumi.dev.yaml": "config: {}" },
    message: "scale(dev): web 1 → 2",
  });
  await world.runner.waitForIdle();
  expect(run.steps.map((step) => step.outcome)).toEqual([
    "success",
    "success",
    "success",
    "success",
    "success",
  ]);
  const scale = world.runner.runs[1];
  expect(scale?.steps.map((step) => step.outcome)).toEqual([
    "success",
    "success",
    "skipped",
    "skipped",
    "success",
  ]);
});
