import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type DeployRepository, makeDeployRepository, OTHER } from "../apply/support/deploy-repository.ts";

// A cancelled job: SIGINT, and 10 s until the runner kills.

const entry = fileURLToPath(new URL("../../action/main.ts", import.meta.url));
const REPO = "acme/infra";
const FILE = "deploy/Pulumi.dev.yaml";

let repository: DeployRepository;
let started: string;

beforeAll(async () => {
  repository = await makeDeployRepository("node-pools", {
    "pools:steadyCount": 1,
    "pools:fragileCount": 1,
    "pools:slowCount": 1,
    "pools:tierCount": 1,
    "pools:goneCount": 1,
  });
  started = join(repository.stack.environment.HOME ?? "", "started");
}, 60_000);
afterAll(() => repository.stop());

it("an interrupted Action leaves no lock, records the failure, and the next run converges", async () => {
  const text = (await repository.github.readFile(REPO, FILE)) ?? "";
  const slow = (milliseconds: number) =>
    `${text.replace("slowCount: 1", "slowCount: 2")}  pools:slowMilliseconds: ${milliseconds}\n  pools:slowStartedFile: ${started}\n`;
  await repository.checkout(await repository.push({ [FILE]: slow(60_000) }));
  const event = join(repository.stack.environment.HOME ?? "", "event.json");
  await writeFile(event, JSON.stringify({ repository: { default_branch: "main" } }));
  const child = spawn(process.execPath, [entry], {
    env: {
      ...repository.stack.environment,
      ...repository.jobVariables,
      "INPUT_STACK-NAME": "dev",
      "INPUT_WORK-DIR": "deploy",
      "INPUT_GITHUB-TOKEN": repository.github.issueToken({
        kind: "workflow",
        repo: REPO,
        permissions: { contents: "write", checks: "write", metadata: "read" },
      }),
      "INPUT_ALLOW-UNEXPECTED": "true",
      GITHUB_REPOSITORY: REPO,
      GITHUB_SHA: (await repository.github.readRef(REPO, "main")) ?? "",
      GITHUB_REF: "refs/heads/main",
      GITHUB_EVENT_NAME: "workflow_dispatch",
      GITHUB_EVENT_PATH: event,
      GITHUB_API_URL: repository.github.apiUrl,
      GITHUB_WORKSPACE: join(repository.stack.workDir, ".."),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  child.stdout.on("data", (data: Buffer) => {
    log += data.toString();
  });
  const ended = once(child, "close");
  await vi.waitFor(() => readFile(started), { timeout: 20_000, interval: 50 });
  child.kill("SIGINT");
  const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(kill);
  expect(child.exitCode, log).toBe(1);
  expect(await repository.stack.isLocked()).toBe(false);
  expect((await repository.entry()).receipt?.pools).toMatchObject([
    { pool: "slow", outcome: "failed", from: 1, to: 2, message: expect.stringMatching(/was interrupted/) },
  ]);

  await repository.checkout(await repository.push({ [FILE]: slow(0) }));
  const next = await repository.apply(OTHER, { engine: { unexpectedChanges: "allow" } });
  expect(next).toMatchObject({ receipt: { pools: [{ pool: "slow", outcome: "applied", from: 1, to: 2 }] } });
  expect(await repository.stack.inputsOf("slow")).toMatchObject({ count: 2 });
}, 60_000);
