import { readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { HistoryAnswer, PoolAnswer } from "../../src/http/answers.ts";
import { octokitOf } from "../github/octo-infra.ts";
import { type Ended, runToEnd } from "../package/install-package.ts";
import { commandLine, poolValueIn } from "../sidecar/support/program.ts";
import { runCommand } from "../world/run-command.ts";
import type { AppProcess } from "../world/start-app-process.ts";
import { describeRun, startWorld, until, type World } from "../world/start-world.ts";
import { readmeFile, tableRows } from "./readme-examples.ts";

const PAGE = "docs/break-glass.md";
const REPO = { owner: "acme", repo: "infra" } as const;
const FIXTURE = new URL("../../fixtures/programs/yaml-stash/Pulumi.yaml", import.meta.url);

/** The page, step by step, on one infra repository. Each test goes on where the one before it stopped. */
describe("docs/break-glass.md", { timeout: 180_000 }, () => {
  let world: World;
  let app: AppProcess;
  let clone: string;
  let environment: Record<string, string | undefined>;
  let isDown = false;

  beforeAll(async () => {
    const program = readFileSync(FIXTURE, "utf8")
      .replace("max: 10\n      cooldown: 60", "max: 20\n      cooldown: 0\n      approval: { above: 15 }")
      .replace("cooldown: 60", "cooldown: 0");
    world = await startWorld({
      program: "yaml-stash",
      config: { webCount: "3", queueCount: "5", idleCount: "1" },
      files: { "Pulumi.yaml": program },
    });
    app = await world.startApp();
    world.github.onRequest(({ phase }) => {
      // A listener that throws makes the stand-in cut the connection.
      if (isDown && phase === "received") throw new Error("GitHub is down.");
    });
    const home = join(world.directory, "home");
    clone = join(world.directory, "clone");
    await mkdir(join(home, "bin"), { recursive: true });
    const command = join(home, "bin", "pulumiscale");
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${commandLine}' "$@"\n`);
    await chmod(command, 0o755);
    environment = {
      ...process.env,
      ...world.environment,
      ...{ HOME: home, GIT_CONFIG_NOSYSTEM: "1", PATH: `${join(home, "bin")}:${process.env.PATH}` },
      ...{ URL: app.url, TOKEN: world.token },
    };
    const token = world.github.issueToken({ kind: "user", login: "alice" });
    const url = `${world.github.url.replace("http://", `http://x-access-token:${token}@`)}/acme/infra.git`;
    await runCommand("git", ["clone", "--quiet", url, clone], { env: environment });
    await git("config", "user.name", "Alice of the night shift");
    await git("config", "user.email", "alice@example.com");
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  const git = (...args: string[]) => runCommand("git", args, { cwd: clone, env: environment });
  /** Runs a block of the page as a person who pastes it; `from` and `to` put another amount in. */
  const run = (block: string, from = "", to = ""): Promise<Ended> =>
    runToEnd("sh", ["-ec", readmeFile(block, PAGE).replace(from, to)], clone, environment);
  const good = async (block: string, from = "", to = ""): Promise<string> => {
    const ended = await run(block, from, to);
    expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ exitCode: 0 });
    return ended.stdout;
  };
  const head = async () => (await git("rev-parse", "HEAD")).trim();
  const inBackend = async (pool: string) => {
    const state = await runCommand("pulumi", ["stack", "export", "--stack", "prod"], {
      cwd: clone,
      env: environment,
    });
    return poolValueIn(state, pool);
  };
  const get = async <T>(path: string, shape: z.ZodType<T>): Promise<T> => {
    const headers = { authorization: `Bearer ${world.token}` };
    return shape.parse(await (await fetch(`${app.url}${path}`, { headers })).json());
  };
  const alert = (value: number) =>
    fetch(`${app.url}/scale/web`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.token}` },
      body: JSON.stringify({ value }),
    });
  const historyOf = async (pool: string) =>
    (await get(`/pools/${pool}/history`, HistoryAnswer)).history.map(({ from, to, source, by }) => ({
      ...{ from, to, source, by },
    }));
  const byAlice = (from: number, to: number) => ({
    ...{ from, to, source: "cli", by: "Alice of the night shift" },
  });
  /** The deploy workflow has run for the newest commit; no full up was needed. */
  const deployed = async () => {
    const sha = await world.github.readRef(world.repository, "main");
    await until(
      "the deploy's run",
      () => world.runner.runs.at(-1)?.sha,
      (seen) => seen === sha,
    );
    await world.runner.waitForIdle();
    const newest = world.runner.runs.at(-1);
    expect(newest?.conclusion, describeRun(newest)).toBe("success");
    const full = newest?.steps.find(({ name }) => name.includes("pulumi up"));
    expect(full?.outcome, describeRun(newest)).not.toBe("success");
  };
  const inStep = async (pool: string, value: number) => {
    await until(
      `${pool} at ${value} in the app`,
      () => get(`/pools/${pool}`, PoolAnswer),
      ({ committed, applied }) => committed === value && applied === value,
    );
    expect(await inBackend(pool)).toBe(value);
    expect(await world.readLedger()).toMatchObject({ applied: { [pool]: value } });
  };
  const propose = async (method: "merge" | "squash" | "rebase") => {
    await good("propose.sh", "HEAD:", "+HEAD:");
    const alice = octokitOf(world.github, world.github.issueToken({ kind: "user", login: "alice" }));
    const pull = await alice.rest.pulls.create({
      ...REPO,
      ...{ head: "break-glass", base: "main", title: "What was scaled while GitHub was away" },
    });
    await alice.rest.pulls.merge({ ...REPO, pull_number: pull.data.number, merge_method: method });
    await deployed();
    await good("follow.sh");
    expect((await git("status", "--porcelain", "--branch")).trim()).toBe("## main...origin/main");
  };

  it("while GitHub is away the app answers 503, and a person looks first", async () => {
    isDown = true;
    expect((await alert(12)).status).toBe(503);
    await expect(git("fetch")).rejects.toThrow();
    const before = await head();
    const shown = await good("look.sh");
    expect(shown).toMatch(/web +3 +3 /);
    expect(shown).toContain('+  shop:webCount: "12"');
    expect(shown).toContain("update urn:pulumi:prod::shop::pulumi:index:Stash::web");
    expect([await head(), await inBackend("web")]).toEqual([before, 3]);
  });

  it("scales from the clone, within the guardrails", async () => {
    expect(await good("scale.sh")).toContain("web 3 → 12 applied");
    expect(await inBackend("web")).toBe(12);
    expect(await git("log", "-1", "--format=%s")).toBe("scale(shop.prod): web 3 → 12\n");
    expect(await git("diff", "--stat", "HEAD~1")).toMatch(/Pulumi\.prod\.yaml \| 2 \+-\n 1 file changed/);
    const over = await run("approve.sh", " --approve", "");
    expect(over).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("web 16 --approve") });
    expect((await run("scale.sh", "web 12", "web 500")).exitCode).toBe(1);
    expect(await inBackend("web")).toBe(12);
  });

  it("lets the person who says so pass the threshold, and names them", async () => {
    expect(await good("approve.sh")).toContain("web 12 → 16 applied");
    expect(await git("log", "-1", "--format=%b")).toContain(
      "Pulumiscale-Approved-By: Alice of the night shift",
    );
  });

  it("lets a person set the number by hand", async () => {
    const path = join(clone, world.stackFile);
    writeFileSync(path, readFileSync(path, "utf8").replace('webCount: "16"', 'webCount: "18"'));
    expect(await good("by-hand.sh")).toContain("web 18");
    expect(await inBackend("web")).toBe(18);
  });

  it("a push makes the app's history whole, and the deploy confirms what is applied", async () => {
    isDown = false;
    await good("push.sh");
    await deployed();
    await inStep("web", 18);
    const shown = HistoryAnswer.parse(JSON.parse(await good("history.sh")));
    // GitHub knows the address of the commit's author.
    expect(shown.history[0]).toMatchObject({
      from: 16,
      to: 18,
      source: null,
      by: "alice",
    });
    expect(shown.history[1]).toMatchObject({
      ...{ from: 12, to: 16, source: "cli", by: "Alice of the night shift" },
      approvedBy: "Alice of the night shift",
    });
    expect((await historyOf("web")).slice(1, 3)).toEqual([byAlice(12, 16), byAlice(3, 12)]);
    expect(await world.readLedger()).toMatchObject({ receipt: { outcome: "applied" } });
  });

  describe("on a branch that takes pull requests only", () => {
    beforeAll(() => {
      world.github.protect(world.repository, "main", { kind: "ruleset", requirePullRequest: true });
    });
    afterAll(() => world?.github.protect(world.repository, "main", null));

    const methods: Record<string, { method: "merge" | "squash" | "rebase"; moves: [string, number][] }> = {
      "a merge commit": {
        method: "merge",
        moves: [
          ["web", 10],
          ["web", 11],
        ],
      },
      "a rebase": {
        method: "rebase",
        moves: [
          ["web", 12],
          ["web", 13],
        ],
      },
      "a squash of one scale commit": { method: "squash", moves: [["web", 9]] },
      "a squash of several": {
        method: "squash",
        moves: [
          ["queue", 8],
          ["web", 6],
          ["web", 7],
        ],
      },
    };

    it("the table has a row for each way of merging", () => {
      expect(tableRows(PAGE, "merged by").map(([way]) => way)).toEqual(Object.keys(methods));
    });

    it("a push is refused", async () => {
      await good("scale.sh", "web 12", "web 14");
      expect(await run("push.sh")).toMatchObject({ exitCode: 1 });
      await propose("rebase");
    });

    it.each(Object.entries(methods))("by %s", async (way, { method, moves }) => {
      const start: Record<string, number> = { web: await inBackend("web"), queue: await inBackend("queue") };
      isDown = true;
      for (const [pool, value] of moves) await good("scale.sh", "web 12", `${pool} ${value}`);
      isDown = false;
      await propose(method);
      const last = Object.fromEntries(moves);
      for (const [pool, value] of Object.entries(last)) await inStep(pool, value);
      const history = await historyOf("web");
      const web = moves.flatMap(([pool, value]) => (pool === "web" ? [value] : []));
      if (way !== "a squash of several") {
        const steps = web.map((to, index) => byAlice(web[index - 1] ?? start.web ?? 0, to));
        expect(history.slice(0, steps.length)).toEqual(steps.reverse());
        return;
      }
      expect(history[0]).toMatchObject({ from: start.web, to: 7, source: null, by: "alice" });
      expect((await historyOf("queue"))[0]).toEqual(byAlice(start.queue ?? 0, 8));
    });
  });

  it("where the app has scaled meanwhile, the push is refused, and what the branch says is decided on", async () => {
    isDown = true;
    await good("scale.sh", "web 12", "web 8");
    isDown = false;
    expect(await (await alert(10)).json()).toMatchObject({ results: [{ kind: "scale", from: 7, to: 10 }] });
    await until(
      "the app's own change",
      () => world.github.readFile(world.repository, world.stackFile),
      (text) => text?.includes('webCount: "10"') === true,
    );
    await deployed();
    expect(await inBackend("web")).toBe(10);
    expect(await run("push.sh")).toMatchObject({ stderr: expect.stringContaining("fetch first") });
    await good("follow.sh");
    const unsure = await run("scale-and-push.sh", "web 14", "web 5");
    expect(unsure).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("not applied yet") });
    expect(await good("again.sh")).toContain("web 10");
    expect(await good("scale-and-push.sh", "web 14", "web 5")).toContain("web 10 → 5");
    await deployed();
    await inStep("web", 5);
    expect((await historyOf("web")).slice(0, 2)).toEqual([
      byAlice(10, 5),
      expect.objectContaining({ from: 7, to: 10, source: "scale" }),
    ]);
  });
});
