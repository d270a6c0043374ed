import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { deploySteps, newest, outcomes, type RunnerWorld, startRunnerWorld } from "./support/runner-world.ts";

let world: RunnerWorld;
beforeEach(async () => {
  world = await startRunnerWorld({ secrets: { PASSPHRASE: "open sesame" }, vars: { REGION: "eu" } });
});
afterEach(() => world[Symbol.asyncDispose]());

test("a push starts the workflow at the pushed commit, in a checkout of it", async () => {
  const run = await world.push(
    `
    name: Deploy
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v5
          - id: look
            run: |
              echo "head=$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
              echo "branch=$(git branch --show-current)" >> "$GITHUB_OUTPUT"
              echo "depth=$(git rev-list --count HEAD)" >> "$GITHUB_OUTPUT"
              echo "text=$(cat hello.txt)" >> "$GITHUB_OUTPUT"
              echo "workspace=$([ "$PWD" = "$GITHUB_WORKSPACE" ] && echo here)" >> "$GITHUB_OUTPUT"
    `,
    { "hello.txt": "hello" },
  );
  const sha = await world.github.readRef("octo/infra", "main");
  expect(run).toMatchObject({
    event: "push",
    sha,
    ref: "refs/heads/main",
    status: "completed",
    conclusion: "success",
  });
  expect(run.workflow).toEqual({ name: "Deploy", path: ".github/workflows/deploy.yml" });
  expect(outcomes(run)).toEqual([
    "Run actions/checkout@v5: success",
    `Run echo "head=$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT": success`,
    "Post Run actions/checkout: success",
  ]);
  expect(run.steps[1]?.outputs).toEqual({
    head: sha,
    branch: "main",
    depth: "1",
    text: "hello",
    workspace: "here",
  });
  expect(run.log).toContain("extraheader AUTHORIZATION: basic ***");
});

test("the environment and the event are those of GitHub", async () => {
  const run = await world.push(`
    name: Deploy
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - run: |
              env > "$FOLDER/env"
              cp "$GITHUB_EVENT_PATH" "$FOLDER/event.json"
  `);
  const env = Object.fromEntries(
    (await readFile(join(world.folder, "env"), "utf8")).split("\n").map((line) => line.split(/=(.*)/s)),
  );
  expect(env).toMatchObject({
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_REPOSITORY: "octo/infra",
    GITHUB_SHA: run.sha,
    GITHUB_REF: "refs/heads/main",
    GITHUB_REF_NAME: "main",
    GITHUB_EVENT_NAME: "push",
    GITHUB_ACTOR: "octo",
    GITHUB_WORKFLOW: "Deploy",
    GITHUB_JOB: "deploy",
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_SERVER_URL: world.github.url,
    GITHUB_API_URL: world.github.apiUrl,
    GITHUB_GRAPHQL_URL: world.github.graphqlUrl,
  });
  for (const name of [
    "GITHUB_REPOSITORY_ID",
    "RUNNER_TEMP",
    "GITHUB_WORKSPACE",
    "GITHUB_OUTPUT",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STEP_SUMMARY",
  ]) {
    expect(env[name], name).toMatch(/./);
  }
  expect(env).not.toHaveProperty("GITHUB_TOKEN");
  const event: unknown = JSON.parse(await readFile(join(world.folder, "event.json"), "utf8"));
  expect(event).toMatchObject({
    ref: "refs/heads/main",
    after: run.sha,
    repository: { full_name: "octo/infra" },
    sender: { login: "octo" },
  });
});

test("env at every level, the nearest wins; GITHUB_ENV and GITHUB_PATH reach later steps", async () => {
  const run = await world.push(`
    on: push
    env: { A: workflow, B: workflow, C: "\${{ vars.REGION }}" }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        env: { B: job, GITHUB_SHA: mine }
        defaults: { run: { working-directory: sub } }
        steps:
          - run: mkdir -p sub/bin && echo 'echo tool' > sub/bin/tool && chmod +x sub/bin/tool
            working-directory: .
          - run: |
              echo "D=file" >> "$GITHUB_ENV"
              printf 'E<<END\\nfirst\\nsecond\\nEND\\n' >> "$GITHUB_ENV"
              echo "$PWD/bin" >> "$GITHUB_PATH"
          - name: \${{ env.D }} of \${{ env.B }}
            env: { B: step }
            run: echo "$A $B $C $D $E $(tool) \${{ env.B }} $(basename "$PWD") \${GITHUB_SHA#mine}"
  `);
  expect(run.conclusion).toBe("success");
  expect(run.steps.map((step) => step.name).at(-1)).toBe("file of step");
  expect(run.log).toContain(`workflow step eu file first\nsecond tool step sub ${run.sha}`);
});

test("if, failure(), always() and continue-on-error", async () => {
  const run = await world.push(
    deploySteps(`
          - { name: forgiven, id: forgiven, run: exit 3, continue-on-error: true }
          - { name: after forgiven, if: "steps.forgiven.outcome == 'failure' && steps.forgiven.conclusion == 'success'", run: "true" }
          - { name: not wanted, if: "github.ref != 'refs/heads/main'", run: "true" }
          - { name: broken, run: "echo before; false; echo never" }
          - { name: plain, run: "true" }
          - { name: on failure, if: failure(), run: "true" }
          - { name: conditional on failure, if: "failure() && github.event_name == 'schedule'", run: "true" }
          - { name: in any case, if: "\${{ always() }}", run: "true" }
  `),
  );
  expect(run.conclusion).toBe("failure");
  expect(outcomes(run)).toEqual([
    "forgiven: failure",
    "after forgiven: success",
    "not wanted: skipped",
    "broken: failure",
    "plain: skipped",
    "on failure: success",
    "conditional on failure: skipped",
    "in any case: success",
  ]);
  expect(run.log).toContain("##[error]Process completed with exit code 1.");
  expect(run.log).not.toContain("\nnever\n");
});

test("pipefail is on only where bash is asked for by name", async () => {
  const run = await world.push(
    deploySteps(`
          - { name: unspecified, run: "false | true" }
          - { name: bash, shell: bash, run: "false | true" }
  `),
  );
  expect(outcomes(run)).toEqual(["unspecified: success", "bash: failure"]);
});

test("jobs wait for what they need, get its outputs, and a matrix can come of them", async () => {
  const run = await world.push(`
    on: push
    jobs:
      list:
        runs-on: ubuntu-latest
        outputs: { stacks: "\${{ steps.find.outputs.stacks }}" }
        steps:
          - id: find
            run: echo 'stacks=[{"stack":"dev","n":1},{"stack":"prod","n":2}]' >> "$GITHUB_OUTPUT"
      apply:
        needs: list
        runs-on: ubuntu-latest
        strategy: { max-parallel: 1, fail-fast: false, matrix: { include: "\${{ fromJSON(needs.list.outputs.stacks) }}" } }
        steps:
          - run: test '\${{ matrix.stack }}' != dev
      report:
        needs: [list, apply]
        if: always()
        runs-on: ubuntu-latest
        steps: [{ run: "echo '\${{ needs.apply.result }} \${{ fromJSON(needs.list.outputs.stacks)[1].stack }}' > $FOLDER/report" }]
      after:
        needs: report
        runs-on: ubuntu-latest
        steps: [{ run: "true" }]
  `);
  expect(run.jobs.map((job) => `${job.name}: ${job.conclusion}`)).toEqual([
    "list: success",
    "apply (dev, 1): failure",
    "apply (prod, 2): success",
    "report: success",
    "after: skipped",
  ]);
  expect(run.conclusion).toBe("failure");
  expect(await readFile(join(world.folder, "report"), "utf8")).toBe("failure prod\n");
});

test("an empty matrix fails the job, as on GitHub", async () => {
  const run = await world.push(`
    on: push
    jobs:
      apply:
        runs-on: ubuntu-latest
        strategy: { matrix: { stack: "\${{ fromJSON('[]') }}" } }
        steps: [{ run: "true" }]
  `);
  expect(run).toMatchObject({ conclusion: "failure", steps: [] });
  expect(run.log).toContain("Matrix vector 'stack' does not contain any values.");
});

test("secrets and masked values never reach the log", async () => {
  const run = await world.push(
    deploySteps(`
          - env: { PASSPHRASE: "\${{ secrets.PASSPHRASE }}", TOKEN: "\${{ github.token }}", SAME: "\${{ secrets.GITHUB_TOKEN }}" }
            run: |
              HUSH=$(printf 'hu%s hush' sh)
              echo "::add-mask::$HUSH"
              echo "a $HUSH b"
              echo "$PASSPHRASE|$TOKEN|$([ "$TOKEN" = "$SAME" ] && echo same)"
              echo "::error title=Oh::$HUSH%0Aagain"
  `),
  );
  expect(run.log).toContain("a *** b");
  expect(run.log).toContain("***|***|same");
  expect(run.log).not.toMatch(/hush hush|open sesame|ghs_/);
  expect(run.jobs[0]?.annotations).toEqual([{ level: "error", message: "***\nagain" }]);
});

test("the token has the permissions that the workflow asks for, and its pushes start nothing", async () => {
  const job = (permissions: string) => `
    on: push
    ${permissions}
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v5
          - run: git -c user.name=a -c user.email=a@b.c commit --allow-empty -qm more && git push -q origin HEAD
  `;
  const refused = await world.push(job(""));
  expect(refused.conclusion).toBe("failure");
  await world.github.commit("octo/infra", {
    files: { ".github/workflows/deploy.yml": job("permissions: { contents: write }") },
    message: "Allow it",
  });
  await world.runner.waitForIdle();
  const allowed = newest(world.runner.runs);
  expect(allowed).toMatchObject({ conclusion: "success", number: 2 });
  const [pushed] = await world.github.readLog("octo/infra");
  expect(pushed).toMatchObject({ message: expect.stringMatching(/^more/), parents: [allowed.sha] });
  expect(world.runner.runs).toHaveLength(2);
});

test("a step and a job that take too long are ended", async () => {
  const run = await world.push(`
    on: push
    jobs:
      step:
        runs-on: ubuntu-latest
        steps:
          - { name: slow, run: exec sleep 600, timeout-minutes: 0.002 }
          - { name: after, run: "true" }
      job:
        runs-on: ubuntu-latest
        timeout-minutes: 0.002
        steps:
          - { name: slow, run: exec sleep 600 }
          - { name: clean up, if: always(), run: "true" }
  `);
  expect(run.jobs.map((job) => `${job.id}: ${job.conclusion}`)).toEqual(["step: failure", "job: cancelled"]);
  expect(outcomes(run)).toEqual(["slow: failure", "after: skipped", "slow: cancelled", "clean up: success"]);
});

test("only a job with id-token: write gets an OIDC token, with the claims of its run", async () => {
  await using issuer = await startOidcIssuer();
  await using oidcWorld = await startRunnerWorld({ oidc: issuer });
  const run = await oidcWorld.push(`
    name: Deploy
    on: push
    jobs:
      with:
        permissions: { id-token: write }
        runs-on: ubuntu-latest
        steps:
          - id: ask
            run: |
              token="Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
              echo "answer=$(curl -sS -H "$token" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=us")" >> "$GITHUB_OUTPUT"
      without:
        permissions: { contents: write }
        runs-on: ubuntu-latest
        steps:
          - id: ask
            run: echo "answer=$ACTIONS_ID_TOKEN_REQUEST_URL$ACTIONS_ID_TOKEN_REQUEST_TOKEN" >> "$GITHUB_OUTPUT"
  `);
  expect(run.conclusion, run.log).toBe("success");
  const answerOf = (job: string) => run.jobs.find(({ id }) => id === job)?.steps[0]?.outputs.answer ?? "";
  expect(answerOf("without")).toBe("");
  const { value } = JSON.parse(answerOf("with"));
  const keys = createLocalJWKSet({ keys: [issuer.publicKey()] });
  const { payload } = await jwtVerify(value, keys, { issuer: issuer.url, audience: "us" });
  expect(payload).toMatchObject({
    ref: "refs/heads/main",
    sha: run.sha,
    repository: "octo/infra",
    event_name: "push",
    workflow: "Deploy",
    workflow_ref: "octo/infra/.github/workflows/deploy.yml@refs/heads/main",
    run_id: String(run.id),
  });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
});
