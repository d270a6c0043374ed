import { rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { failedStart } from "./support/failed-start.ts";
import { openProgram } from "./support/open-program.ts";
import { openWrittenProgram, writeProgram } from "./support/open-written-program.ts";
import type { Program } from "./support/program.ts";
import { startServe } from "./support/start-serve.ts";

describe("a program that could be served", () => {
  let program: Program;
  beforeAll(async () => {
    program = await openProgram({ program: "yaml-stash" });
  }, 60_000);
  afterAll(() => program?.remove());

  test("a stack that is not there: exit 1, and it is named", async () => {
    const { exitCode, said } = await failedStart(program, ["--stack", "nobody"]);
    expect([exitCode, said]).toEqual([1, expect.stringMatching(/no stack named 'nobody'/)]);
    // Waiting does not make it.
    expect(said).not.toContain("tried again");
  }, 60_000);

  test("several stacks and none selected: exit 2, and they are listed", async () => {
    await program.pulumi("stack", "init", "prod", "--no-select");
    await program.pulumi("stack", "unselect");
    const { exitCode, said } = await failedStart(program);
    expect([exitCode, said]).toEqual([2, expect.stringMatching(/has 2 stacks, and none is selected/)]);
    expect(said).toMatch(/--stack:\n {2}dev\n {2}prod$/);
    await program.pulumi("stack", "select", "dev");
  }, 60_000);

  test("a passphrase that is not the stack's: exit 1, at once, without a secret", async () => {
    const { exitCode, said } = await failedStart(program, [], { PULUMI_CONFIG_PASSPHRASE: "not this one" });
    expect([exitCode, said]).toEqual([1, expect.stringMatching(/passphrase/)]);
    expect(said).not.toMatch(/tried again|not this one/);
  }, 60_000);

  test("no Pulumi on the path: exit 1, and it says so", async () => {
    const { exitCode, said } = await failedStart(program, [], { PATH: join(program.root, "empty") });
    expect([exitCode, said]).toEqual([1, expect.stringMatching(/Pulumi could not be started/)]);
  }, 30_000);

  test("a port that is taken: exit 1, and the port is named", async () => {
    const first = await startServe(program);
    onTestFinished(async () => void (await first.stop()));
    const port = new URL(first.url).port;
    const { exitCode, said } = await failedStart(program, ["--port", port]);
    expect([exitCode, said]).toEqual([1, expect.stringContaining(port)]);
  }, 60_000);

  test("flags that make no sense: exit 2", async () => {
    for (const args of [["--port", "70000"], ["--on-failure", "panic"], ["--no-such-flag"]])
      expect((await program.cli(["serve", ...args])).exitCode).toBe(2);
  }, 60_000);
});

test("a program without a stack: exit 2, with the command that makes one", async () => {
  const program = await openProgram({ program: "yaml-stash" });
  onTestFinished(program.remove);
  await program.pulumi("stack", "rm", "--yes", "--force", "--preserve-config", "dev");
  const { exitCode, said } = await failedStart(program);
  expect([exitCode, said]).toEqual([2, expect.stringContaining("has no stack yet")]);
  expect(said).toContain("pulumi stack init");
}, 60_000);

test("no secret in Pulumi's configuration, or one that all can read: exit 1, with the command that sets one", async () => {
  const program = await openProgram({ program: "yaml-stash", secret: null });
  onTestFinished(program.remove);
  const { exitCode, said } = await failedStart(program);
  expect([exitCode, said]).toEqual([1, expect.stringContaining("has no webhook secret")]);
  expect(said).toContain("pulumi config set --secret pulumiscale:webhook-secret");
  const text = await program.readStackFile();
  const readable = "readable-by-all-0123456789-0123456789";
  await writeFile(
    program.stackFile,
    text.replace("config:\n", `config:\n  pulumiscale:webhook-secret: ${readable}\n`),
  );
  const plain = await failedStart(program);
  expect([plain.exitCode, plain.said]).toEqual([1, expect.stringContaining("for all to read")]);
  expect(plain.said).not.toContain(readable);
}, 90_000);

test("no pool that can be served: exit 1, and each problem is told with its path", async () => {
  const good = { configKey: "webCount", value: 3 };
  const program = await openWrittenProgram({ web: good });
  onTestFinished(program.remove);
  const bad = {
    web: { ...good, rules: { min: 9, max: 2 } },
    queue: { ...good, rules: { strategy: "sideways", cooldown: -1 } },
  };
  await writeFile(join(program.workDir, "Pulumi.yaml"), writeProgram(bad));
  await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  const broken = await failedStart(program);
  expect(broken.exitCode).toBe(1);
  expect(broken.said).toContain("no pool that can be used");
  for (const path of ["web", "queue.strategy", "queue.cooldown"])
    expect(broken.said).toMatch(new RegExp(`^pulumiscale\\.${path.replace(".", "\\.")}\\S*: .`, "m"));
  const withoutOutput = (await readFile(join(program.workDir, "Pulumi.yaml"), "utf8")).replace(
    /^outputs:[\s\S]*/m,
    "",
  );
  await writeFile(join(program.workDir, "Pulumi.yaml"), withoutOutput);
  await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  const missing = await failedStart(program);
  expect([missing.exitCode, missing.said]).toEqual([1, expect.stringContaining("pulumiscale")]);
}, 90_000);

test("a work tree without a commit, or without a branch: told what to do", async () => {
  const program = await openProgram({ program: "yaml-stash" });
  onTestFinished(program.remove);
  await program.git("switch", "--quiet", "--detach");
  const detached = await failedStart(program);
  expect([detached.exitCode, detached.said]).toEqual([
    expect.any(Number),
    expect.stringMatching(/git switch/),
  ]);
  rmSync(join(program.repository, ".git"), { recursive: true });
  await program.git("init", "--quiet", "--initial-branch=main");
  const empty = await failedStart(program);
  expect([empty.exitCode, empty.said]).toEqual([expect.any(Number), expect.stringMatching(/commit/i)]);
}, 60_000);
