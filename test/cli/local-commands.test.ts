import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireProgram } from "../setup/require-program.ts";
import { openProgram } from "../sidecar/support/open-program.ts";
import { type Program, runCommandLine } from "../sidecar/support/program.ts";

const REPOSITORY_FILE = "defaults:\n  approval:\n    above: 8\n";

describe("the commands in a program's directory", { timeout: 60_000 }, () => {
  let program: Program;
  const json = async (...args: string[]) => {
    const run = await program.cli([...args, "--json"]);
    return { ...run, answer: JSON.parse(run.stdout || "null") };
  };

  beforeAll(async () => {
    requireProgram("pulumi", (why) => {
      throw new Error(why);
    });
    program = await openProgram({ program: "yaml-stash" });
    await program.git("config", "user.name", "jane_doe");
  }, 120_000);
  afterAll(() => program?.remove());

  it("scale --dry-run shows decision, change and preview, and moves nothing", async () => {
    const before = await program.readStackFile();
    const head = await program.git("rev-parse", "HEAD");
    const { exitCode, stdout } = await program.cli(["scale", "web", "+2", "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("web 3 → 5: +2 from 3 was asked by jane_doe");
    expect(stdout).toContain('+  shop:webCount: "5"');
    expect(stdout).toContain("update urn:pulumi:dev::shop::pulumi:index:Stash::web");
    expect(await program.readStackFile()).toBe(before);
    expect(await program.git("rev-parse", "HEAD")).toBe(head);
    expect(await program.readBackend("web")).toBe(3);
  });

  it("scale --dry-run fails where the value reaches no target", async () => {
    const { exitCode, answer } = await json("scale", "idle", "+1", "--dry-run");
    expect([exitCode, answer.result.preview.verdict]).toEqual([1, "no-effect"]);
  });

  it("scale commits in the person's name, and a negative difference is one", async () => {
    const { exitCode, answer } = await json("scale", "web", "-1");
    expect(exitCode).toBe(0);
    expect(answer.result).toMatchObject({ kind: "scale", from: 3, to: 2, delivery: "direct" });
    expect((await program.git("log", "-1", "--format=%H %s")).trim()).toBe(
      `${answer.result.commit} scale(shop.dev): web 3 → 2`,
    );
    expect(await program.git("log", "-1", "--format=%b")).toContain("Pulumiscale-Requested-By: jane_doe");
    expect(await program.readBackend("web")).toBe(3);
  });

  it("up brings what was committed and not applied, and says so", async () => {
    const { exitCode, stdout, stderr } = await program.cli(["up"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("web: 3 was applied, although 2 is committed; it is 2 now.");
    expect(stderr).toContain("Duration:");
    expect(await program.readBackend("web")).toBe(2);
  });

  it("scale --apply applies at once", async () => {
    const { exitCode, answer } = await json("scale", "queue", "7", "--apply");
    expect(exitCode).toBe(0);
    expect(answer.apply.receipt.pools).toEqual([
      { pool: "queue", outcome: "applied", from: 5, to: 7, message: "" },
    ]);
    expect(await program.readBackend("queue")).toBe(7);
  });

  it("a hold is a failure with its reason", async () => {
    const { exitCode, stdout } = await program.cli(["scale", "queue", "9"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^queue stays at 7: the pool was scaled 5 → 7 at .*; the next move up may come at /,
    );
  });

  it("over a threshold nothing moves, until the one who asks says that they approve", async () => {
    await mkdir(join(program.repository, ".github"));
    await writeFile(join(program.repository, ".github/pulumiscale.yml"), REPOSITORY_FILE);
    await program.git("add", ".github");
    await program.git("commit", "--quiet", "-m", "thresholds");
    const held = await json("scale", "idle", "9");
    expect([held.exitCode, held.answer.result.kind]).toEqual([1, "hold"]);
    expect(held.answer.result.reasons[0]).toMatchObject({ code: "over-threshold" });
    expect(held.answer.result.reasons[0].message).toContain(
      "whoever may decide that runs `pulumiscale scale idle 9 --approve` in the program's directory",
    );
    const approved = await json("scale", "idle", "9", "--approve");
    expect(approved.answer.result).toMatchObject({ kind: "scale", from: 1, to: 9 });
    expect(await program.git("log", "-1", "--format=%b")).toContain("Pulumiscale-Approved-By: jane_doe");
  });

  it("pools and history show tables, without colours where stdout is no terminal", async () => {
    const pools = await program.cli(["pools"]);
    expect(pools.stdout).toMatch(/^pool +committed +applied +min +max/);
    expect(pools.stdout).toMatch(/queue +7 +7 +0 +100 +from 20/);
    const history = await program.cli(["history", "queue"]);
    expect(history.stdout).toMatch(/ queue +5 → 7 +jane_doe +requested/);
    expect(pools.stdout + history.stdout).not.toContain("\u001b");
    const { answer } = await json("history", "idle");
    expect(answer.history[0]).toMatchObject({
      pool: "idle",
      from: 1,
      to: 9,
      approvedBy: "jane_doe",
      source: "cli",
    });
  });

  it("colours come where they are wanted", async () => {
    const environment = { ...program.environment, FORCE_COLOR: "1", NO_COLOR: undefined };
    const { stdout } = await runCommandLine(["pools"], { cwd: program.workDir, env: environment });
    expect(stdout).toContain("\u001b[1mpool");
  });

  it("check names what is wrong, with its fix", async () => {
    const good = await json("check");
    expect(good.answer.findings).toContainEqual({ subject: "webhook secret", state: "good", message: "" });
    expect(good.answer.findings).toContainEqual(
      expect.objectContaining({ state: "warning", subject: "pulumiscale:sns-topics" }),
    );
    expect(good.exitCode).toBe(0);
  });

  it("check finds a pool's number that was edited and not committed", async () => {
    const before = await program.readStackFile();
    await writeFile(program.stackFile, before.replace(/webCount: "\d+"/, 'webCount: "7"'));
    try {
      const edited = await json("check");
      const problems = edited.answer.findings.filter(({ state }: { state: string }) => state === "problem");
      expect(problems).toEqual([
        expect.objectContaining({
          subject: "edit of webCount",
          message: expect.stringContaining("git restore"),
        }),
      ]);
      expect(edited.exitCode).toBe(1);
    } finally {
      await writeFile(program.stackFile, before);
    }
  });

  it("check tells a number out of range that is applied from one that holds its pool", async () => {
    const before = await program.git("rev-parse", "HEAD");
    const text = await program.readStackFile();
    await writeFile(program.stackFile, text.replace(/queueCount: "?\d+"?/, "queueCount: 400"));
    await program.git("commit", "--quiet", "--all", "-m", "by hand");
    const findings = async () => {
      const { answer } = await json("check");
      return answer.findings.filter(({ subject }: { subject: string }) => subject === "pool queue");
    };
    expect(await findings()).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/its pool is held\. Commit a value in range/),
      }),
    ]);
    await program.cli(["up"]);
    expect(await findings()).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/applied.*next demand brings it in range/) }),
    ]);
    await program.git("reset", "--quiet", "--hard", before.trim());
    await program.cli(["up"]);
  });

  it("pause and resume say that they do not reach the App, where a remote has its ledger", async () => {
    const told = async (...args: string[]) => {
      const { answer, stderr } = await json(...args);
      expect(answer).toHaveProperty("kind");
      return stderr;
    };
    const remote = join(program.root, "remote.git");
    await program.git("init", "--quiet", "--bare", remote);
    await program.git("remote", "add", "origin", remote);
    await program.git("push", "--quiet", "origin", "HEAD:refs/heads/feature/pulumiscale");
    await program.git("branch", "pulumiscale");
    expect(await told("pause", "web", "for", "2h")).not.toContain("GitHub App");
    await program.git("push", "--quiet", "origin", "HEAD:refs/heads/pulumiscale");
    // Nothing is asked of the remote.
    await rm(remote, { recursive: true });
    expect(await told("pause", "web", "for", "3h")).toContain("There is a ledger branch at origin, so");
    expect(await told("resume", "web")).toContain("by a comment with `/scale resume …`, or by POST /resume.");
    expect(await told("pin", "web", "9999")).not.toContain("GitHub App");
    await program.git("remote", "remove", "origin");
    expect(await told("resume", "web")).not.toContain("GitHub App");
  });

  it.each([
    [["scale", "web", "many"], 2, /"many" is no amount: give a value such as 12/],
    [["scale", "web"], 2, /missing required argument 'amount'/],
    [["scale", "nope", "3"], 1, /no pool nope/],
    [["history", "nope"], 2, /The stack has no pool "nope". It has: idle, queue, web./],
    [["pools", "--dir", "nowhere"], 2, /nowhere cannot be read/],
    [["pools", "--stack", "nope"], 1, /no stack named 'nope' found/],
    // It logs JSON without being told to, and has no answer.
    [["serve", "--json"], 2, /unknown option '--json'/],
    [["serve", "--port", "70000"], 2, /0 to 65535/],
    [["serve", "--on-failure", "explode"], 2, /Allowed choices are keep, revert/],
  ])("%j ends with %i and a sentence", async (args, exitCode, sentence) => {
    const run = await program.cli(args);
    expect(run.stderr + run.stdout).toMatch(sentence);
    expect(run.exitCode).toBe(exitCode);
  });
});
