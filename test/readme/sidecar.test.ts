import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HistoryAnswer, OperationAnswer, ScaleAnswer } from "../../src/http/answers.ts";
import { SIDECAR_ROUTES } from "../../src/http/routes.ts";
import { type Ended, runToEnd } from "../package/install-package.ts";
import { npmEnvironment, type PackedTree, packTree } from "../package/pack-tree.ts";
import { commitAll, type Environment, type Home, makeHome } from "../sidecar/support/make-home.ts";
import { openProgram } from "../sidecar/support/open-program.ts";
import { openWrittenProgram } from "../sidecar/support/open-written-program.ts";
import { commandLine, type Program } from "../sidecar/support/program.ts";
import { startServe } from "../sidecar/support/start-serve.ts";
import { freePort } from "../world/free-port.ts";
import { readmeExamples, readmeFile, readPage, tableRows } from "./readme-examples.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = "docs/sidecar.md";

/** What stands between backticks in the first cell of each row. */
function codeIn(rows: readonly string[][]): string[] {
  return rows.flatMap(([first = ""]) => [...first.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code));
}

async function succeed(running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ exitCode: 0 });
  return ended;
}

function helpOf(...command: string[]): string {
  return execFileSync(process.execPath, [commandLine, ...command, "--help"], { encoding: "utf8" });
}

describe("the README's start beside a program", { timeout: 120_000 }, () => {
  let packed: PackedTree;
  let home: Home;
  let environment: Environment;
  beforeAll(async () => {
    [packed, home] = await Promise.all([packTree(), makeHome()]);
    const prefix = join(home.root, "global");
    const PATH = [join(prefix, "bin"), process.env.PATH].join(delimiter);
    environment = { ...home.environment, PATH };
    // The block as it stands, in a clone whose packages are there.
    const install = readmeFile("install.sh").replace(/^git clone .* && npm ci && npm pack$/m, "npm pack");
    const npm = { ...npmEnvironment(home.root), npm_config_prefix: prefix };
    await succeed(runToEnd("sh", ["-ec", install], packed.root, npm));
  }, 120_000);
  afterAll(async () => {
    await packed?.remove();
    await home?.remove();
  });

  it("goes from the contract to an applied value, by the commands as they stand", async () => {
    const cwd = home.repository;
    const run = (text: string) => succeed(runToEnd("sh", ["-ec", text], cwd, environment));
    writeFileSync(join(cwd, "Pulumi.yaml"), readmeFile("Pulumi.yaml"));
    await run("pulumi stack init prod && pulumi config set workerCount 3");
    await commitAll(home);

    const port = await freePort();
    const start = readmeFile("start.sh").trimEnd().split("\n");
    const serving = start.pop()?.replace("--up-first", `--up-first --port ${port}`) ?? "";
    expect(serving).toContain("pulumiscale serve ");
    const { stdout: shown } = await run(start.join("\n"));
    expect(shown).toContain("Written: Pulumi.prod.yaml");
    expect(readFileSync(join(cwd, "pulumiscale/rules.yml"), "utf8")).toContain("pool: worker-pool");

    const serve = spawn("sh", ["-ec", `exec ${serving}`], { cwd, env: environment });
    try {
      await saidOf(serve, new RegExp(`listening on http://127.0.0.1:${port}$`));
      const asked = await run(readmeFile("ask.sh").replaceAll(":3000", `:${port}`));
      const [json = "", ...rest] = asked.stdout.split("\n");
      const answer = ScaleAnswer.parse(JSON.parse(json));
      const commit = (await home.run("git", ["rev-parse", "HEAD"], cwd)).trim();
      expect(answer).toEqual(JSON.parse(readmeFile("answer.json").replaceAll("b7ce…", commit)));
      expect(rest.join("\n")).toMatch(/scale\(shop\.prod\): worker-pool 3 → 4[\s\S]*3 → 4 +scale +requested/);
      const again = await run(readmeFile("ask.sh").replaceAll(":3000", `:${port}`));
      expect(again.stdout).toContain('"code":"cooldown"');
    } finally {
      serve.kill("SIGTERM");
      await once(serve, "exit");
    }
    expect(serve.exitCode).toBe(0);
    expect(await home.run("git", ["status", "--porcelain"], cwd)).toBe("");
  });
});

/** Waits for a line on stderr; rejects where the process ends before. */
function saidOf(child: ReturnType<typeof spawn>, pattern: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines: string[] = [];
  child.stdout?.resume();
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      if (pattern.test(line)) resolve();
    });
  child.once("exit", () => reject(new Error(lines.join("\n"))));
  return promise;
}

describe("the commands of docs/sidecar.md", { timeout: 90_000 }, () => {
  let program: Program;
  beforeAll(async () => {
    program = await openWrittenProgram({
      web: { configKey: "webCount", value: 3, rules: { approval: { above: 6 } } },
    });
    const bin = join(program.root, "bin");
    await mkdir(bin);
    writeFileSync(join(bin, "pulumiscale"), `#!/bin/sh\nexec '${process.execPath}' '${commandLine}' "$@"\n`);
    await chmod(join(bin, "pulumiscale"), 0o755);
  }, 90_000);
  afterAll(() => program?.remove());

  const run = (block: string, change = (text: string) => text): Promise<Ended> => {
    const text = change(readmeFile(block, PAGE).replaceAll("--stack prod", "--stack dev"));
    const PATH = [join(program.root, "bin"), program.environment.PATH].join(delimiter);
    return runToEnd("sh", ["-ec", text], program.workDir, { ...program.environment, PATH });
  };

  it("check, and up", async () => {
    expect((await succeed(run("check.sh"))).stdout).toMatch(/ok +pool web: 3/);
    expect((await succeed(run("up.sh"))).stdout).toContain("pace.dev is up: web 3.");
  });

  it("scale and --approve", async () => {
    const { stdout } = await succeed(run("scale.sh"));
    expect(stdout).toContain("+  pace:webCount: 4");
    expect(stdout).toContain("web 3 → 4 applied");
    const held = await run("approve.sh", (text) => text.replace(" --approve", ""));
    expect(held).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("8 --approve") });
    await succeed(run("approve.sh"));
    expect(await program.git("log", "-1", "--format=%b")).toContain("Pulumiscale-Approved-By: Ada");
  });

  it("pools and history", async () => {
    const { stdout } = await succeed(run("look.sh"));
    expect(stdout).toMatch(/web +8 +4 +0 +20/);
    expect(stdout).toMatch(/4 → 8 +Ada, approved by Ada/);
    const from = stdout.indexOf("{");
    expect(HistoryAnswer.parse(JSON.parse(stdout.slice(from))).history[0]).toMatchObject({ from: 4, to: 8 });
  });

  it("completions", async () => {
    await succeed(run("completions.sh"));
    expect(readFileSync(join(program.workDir, "pulumiscale.bash"), "utf8")).toContain("serve");
  });

  it("serve applies what was committed by hand, and leaves no state that the table does not name", async () => {
    const args = readmeFile("serve.sh", PAGE).trim().split(" ").slice(2);
    expect(args).toEqual(["--stack", "prod", "--port", "3000"]);
    const serve = await startServe(program, ["--stack", "dev"]);
    try {
      await serve.waitForLine(/web 4 → 8 applied/);
    } finally {
      expect(await serve.stop()).toBe(0);
    }
    const state = join(program.workDir, ".git/pulumiscale");
    expectNamed(readdirSync(state), codeIn(tableRows(PAGE, "in `.git/pulumiscale/`")));
    expect(existsSync(join(state, "stacks/pace.dev.json"))).toBe(true);
  });

  it("without git the state stands where the table says", async () => {
    const plain = await openProgram({ program: "yaml-stash", git: false });
    try {
      expect(await plain.cli(["scale", "web", "+1", "--apply", "--stack", "dev"])).toMatchObject({
        exitCode: 0,
      });
      const state = join(plain.workDir, ".pulumiscale");
      const named = codeIn(tableRows(PAGE, "in `.pulumiscale/`, without git"));
      expectNamed(readdirSync(state), named);
      expect(existsSync(join(state, "journal/shop.dev.json"))).toBe(true);
      expect(readFileSync(join(state, ".gitignore"), "utf8")).toBe("*\n");
    } finally {
      await plain.remove();
    }
  });
});

/** Each entry of a state folder has a row. */
function expectNamed(entries: readonly string[], named: readonly string[]): void {
  const folders = named.map((name) => name.split("/")[0]);
  expect(entries.length).toBeGreaterThan(2);
  for (const entry of entries) expect(folders).toContain(entry);
}

describe("the tables of docs/sidecar.md", () => {
  it("have every route of the sidecar", () => {
    const routes = SIDECAR_ROUTES.map(({ method, path }) => `${method} ${path}`);
    const shown = tableRows(PAGE, "route").map(([route = ""]) => route.replaceAll("`", ""));
    expect(shown.toSorted()).toEqual(routes.toSorted());
  });

  it("have every status", () => {
    expect(codeIn(tableRows(PAGE, "status"))).toEqual(OperationAnswer.shape.status.options);
  });

  it("have every option of serve, and every setting", () => {
    const help = helpOf("serve");
    const options = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option = ""]) => option);
    expect(codeIn(tableRows(PAGE, "option")).toSorted()).toEqual(options.toSorted());
    const settings = /^Settings: (.*), and what/m.exec(help)?.[1]?.split(", ");
    expect(codeIn(tableRows(PAGE, "setting"))).toEqual(settings);
  });
});

describe("the README", () => {
  it("has a row for every command", () => {
    const commands = [...helpOf().matchAll(/^ {2}([a-z][a-z-]*)(?: \[| {2}| <)/gm)].map(
      ([, name = ""]) => name,
    );
    const shown = tableRows("README.md", "command").flatMap(([first = ""]) => codeIn([[first]]));
    expect(shown.toSorted()).toEqual(commands.filter((name) => name !== "help").toSorted());
  });

  it("has the two ways within the first screen", () => {
    const screen = readPage("README.md").split("\n").slice(0, 25).join("\n");
    expect(screen).toContain("pulumiscale serve");
    expect(screen).toContain("as a GitHub App");
    expect(screen).toContain("without changing the contract, the alerts or\nthe history");
  });

  it("installs the version that the package has", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(readmeFile("install.sh")).toContain(`./pulumiscale-${version}.tgz`);
  });
});

const PAGES = [
  ...["README.md", PAGE, "docs/break-glass.md", "docs/security.md", "ARCHITECTURE.md"],
  ".github/CONTRIBUTING.md",
];

it.each(PAGES)("%s links to files and headings that are there", (page) => {
  for (const [, target = ""] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = "", heading] = target.split("#");
    const file = path === "" ? page : join(page, "..", path);
    expect([target, existsSync(join(ROOT, file))]).toEqual([target, true]);
    if (heading !== undefined) expect(headingsOf(file)).toContain(heading);
  }
});

it.each(["ARCHITECTURE.md", ".github/CONTRIBUTING.md"])(
  "%s names files and folders that are there",
  (page) => {
    const named = [...readPage(page).matchAll(/`((?:src|test|action)\/[\w./-]+\w\/?)`/g)].map(
      ([, path = ""]) => path,
    );
    expect(named.length).toBeGreaterThan(3);
    for (const path of named) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  },
);

/** The names that GitHub gives to a page's headings. */
function headingsOf(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it.each([PAGE, "docs/break-glass.md"])("every command of %s is run by a test", (page) => {
  const tests = ["sidecar.test.ts", "break-glass.test.ts"]
    .map((name) => readPage(`test/readme/${name}`))
    .join("");
  for (const { language, file } of readmeExamples(page)) {
    expect([language, file]).toEqual(["sh", expect.any(String)]);
    expect(tests).toContain(`"${file}"`);
  }
});
