import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type InitFlags, runInit } from "../../src/cli/init.ts";
import { localOutside } from "../../src/cli/local/flags.ts";
import { makePulumiStack, type PulumiStack } from "../apply/support/pulumi-stack.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const OURS = "# ours\r\nconfig:\r\n  shop:webCount:   '3' # three\r\n  shop:queueCount: 5\r\n";
const PROGRAM =
  "name: shop\nruntime: yaml\nresources:\n  workers:\n    type: pulumi:index:Stash\n    properties:\n      input: 3\n";

let stack: PulumiStack;
beforeEach(async () => {
  stack = await makePulumiStack("yaml-stash", {});
  writeFileSync(join(stack.workDir, "Pulumi.yaml"), PROGRAM);
  writeFileSync(stack.stackFile, OURS);
});
afterEach(() => stack.remove());

/** Runs the command as a process, without a terminal. */
function init(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [MAIN, "init", "--dir", stack.workDir, ...args],
    {
      encoding: "utf8",
      env: stack.environment,
    },
  );
  return { stdout, stderr, status };
}

/** Runs it in this process, where a person answers. */
async function initWith(answer: string, flags: InitFlags = {}) {
  const shown: string[] = [];
  const terminal = { show: (text: string) => shown.push(text), ask: async () => answer };
  const exitCode = await runInit({ dir: stack.workDir, ...flags }, localOutside(stack.environment), terminal);
  return { exitCode, shown: shown.join("\n") };
}

function files(): string[] {
  return readdirSync(stack.workDir, { recursive: true }).map(String).sort();
}

function read(name: string): string {
  return readFileSync(join(stack.workDir, name), "utf8");
}

const secret = async () =>
  (await stack.pulumi("config", "get", "pulumiscale:webhook-secret", "--stack", "dev")).trim();

const WRITTEN = [
  "pulumiscale/alertmanager.yml",
  "pulumiscale/cloudwatch.sh",
  "pulumiscale/contract.yaml",
  "pulumiscale/rules.yml",
];

const Answer = z.object({
  written: z.boolean(),
  problems: z.array(z.string()),
  writes: z.array(
    z.object({
      file: z.string(),
      kind: z.enum(["new", "changed"]),
      text: z.string().optional(),
      diff: z.string().optional(),
    }),
  ),
});

describe("pulumiscale init", { timeout: 60_000 }, () => {
  it("without a terminal and without --yes shows everything, writes nothing and says how to go on", () => {
    const before = files();
    const { stdout, stderr, status } = init("--stack", "dev", "--url", "https://scale.example.com/");
    expect([status, stderr]).toEqual([0, ""]);
    for (const name of [...WRITTEN, "Pulumi.dev.yaml"]) expect(stdout).toContain(name);
    expect(stdout).toMatch(/\+ {2}pulumiscale:webhook-secret:\n\+ {4}secure: v1:/);
    expect(stdout).toContain("https://scale.example.com/webhook/prometheus");
    expect(stdout).toContain("Nothing was written. Run it with --yes");
    expect([files(), read("Pulumi.dev.yaml")]).toEqual([before, OURS]);
  });

  it("with --yes writes what is missing, and a second run finds nothing missing and changes nothing", async () => {
    const first = init("--yes");
    expect([first.status, first.stderr]).toEqual([0, ""]);
    expect(files()).toEqual(expect.arrayContaining(WRITTEN));
    const text = read("Pulumi.dev.yaml");
    const added = text.split("\r\n").filter((line) => /webhook-secret|secure: |encryptionsalt/.test(line));
    expect(
      text
        .split("\r\n")
        .filter((line) => !added.includes(line))
        .join("\r\n"),
    ).toBe(OURS);
    const value = await secret();
    expect(value).toMatch(/^[0-9a-f]{64}$/);
    for (const shown of [first.stdout, text, ...WRITTEN.map(read)]) expect(shown).not.toContain(value);
    expect(first.stdout).toContain("pulumi config get pulumiscale:webhook-secret --stack dev");
    const state = execFileSync("sh", ["-c", "find . -type f | sort | xargs sha256sum"], {
      cwd: stack.workDir,
      encoding: "utf8",
    });
    const second = init("--yes");
    expect([second.status, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toContain("Nothing is missing.");
    expect(
      execFileSync("sh", ["-c", "find . -type f | sort | xargs sha256sum"], {
        cwd: stack.workDir,
        encoding: "utf8",
      }),
    ).toBe(state);
  });

  it("makes two secrets for two programs", async () => {
    init("--yes");
    const first = await secret();
    writeFileSync(stack.stackFile, OURS);
    init("--yes");
    expect(await secret()).not.toBe(first);
  });

  it.each([
    ["y", true],
    ["YES", true],
    ["", false],
    ["n", false],
    ["yellow", false],
  ])("asked, and answered %j, writes: %s", async (answer, isWritten) => {
    const { exitCode, shown } = await initWith(answer);
    expect(exitCode).toBe(0);
    expect(existsSync(join(stack.workDir, "pulumiscale"))).toBe(isWritten);
    expect(shown).toContain(isWritten ? "Written: " : "Nothing was written.");
  });

  it("asks on a real terminal", async () => {
    const python = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
answered = False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not answered and b"[y/N]" in seen:
        answered = True
        os.write(terminal, b"y\\n")
print(answered, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const child = spawn("python3", ["-c", python, process.execPath, MAIN, "init", "--dir", stack.workDir], {
      env: stack.environment,
    });
    let said = "";
    child.stdout.on("data", (part) => {
      said += part;
    });
    await new Promise((resolve) => child.once("close", resolve));
    expect(said.trim()).toBe("True 0");
    expect(await secret()).toMatch(/^[0-9a-f]{64}$/);
  });

  it("answers JSON for programs", () => {
    const planned = Answer.parse(JSON.parse(init("--json").stdout));
    expect(planned.written).toBe(false);
    expect(planned.writes.map(({ file }) => file).sort()).toEqual(["Pulumi.dev.yaml", ...WRITTEN].sort());
    expect(planned.writes.find(({ kind }) => kind === "changed")?.diff).toContain(
      "+  pulumiscale:webhook-secret:",
    );
    expect(Answer.parse(JSON.parse(init("--json", "--yes").stdout)).written).toBe(true);
    expect(Answer.parse(JSON.parse(init("--json").stdout)).writes).toEqual([]);
  });

  it("adds no contract where the stack or the source has one, and takes the pools from it", async () => {
    writeFileSync(
      join(stack.workDir, "Pulumi.yaml"),
      `${PROGRAM}outputs:\n  pulumiscale:\n    crew:\n      targetUrn: \${workers.urn}\n      configKey: webCount\n      strategy: absolute\n      min: 2\n      max: 7\n      cooldown: 90\n`,
    );
    const inSource = Answer.parse(JSON.parse(init("--json").stdout));
    expect(inSource.writes.map(({ file }) => file)).not.toContain("pulumiscale/contract.yaml");
    expect(init().stdout).toContain("Pulumi.yaml exports `pulumiscale`");
    // The source names crew, and only the stack's output tells.
    const example = "The pool web in pulumiscale/rules.yml and pulumiscale/cloudwatch.sh is an example.";
    expect(init("--json").stdout).toContain(example);
    await stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    expect(init("--yes").stdout).toContain("the stack's output `pulumiscale` with crew");
    expect(read("pulumiscale/alertmanager.yml")).toContain("repeat_interval: 90s");
    expect(read("pulumiscale/rules.yml")).toContain("pool: crew");
    expect(read("pulumiscale/rules.yml")).not.toContain("an example");
    expect(read("pulumiscale/cloudwatch.sh")).toContain("/webhook/crew/cloudwatch?token=");
  });

  it("leaves every file of theirs, and says what a person must do", () => {
    mkdirSync(join(stack.workDir, "pulumiscale"));
    writeFileSync(join(stack.workDir, "pulumiscale/rules.yml"), "theirs");
    writeFileSync(stack.stackFile, "config:\n  pulumiscale:webhook-secret: for all to read\n");
    const { stdout, status } = init("--yes");
    expect(status).toBe(1);
    expect(stdout).toContain("stands in Pulumi.dev.yaml for all to read");
    expect(read("pulumiscale/rules.yml")).toBe("theirs");
    expect(read("Pulumi.dev.yaml")).toBe("config:\n  pulumiscale:webhook-secret: for all to read\n");
  });

  it("does not write over what came in between the plan and the answer", async () => {
    const terminal = (between: () => void) => ({
      show: () => {},
      ask: async () => {
        between();
        return "y";
      },
    });
    const run = (between: () => void) =>
      runInit({ dir: stack.workDir }, localOutside(stack.environment), terminal(between));
    await expect(run(() => writeFileSync(stack.stackFile, "config: {}\n"))).rejects.toThrow(
      /Pulumi.dev.yaml was not written: it has changed meanwhile/,
    );
    expect(read("Pulumi.dev.yaml")).toBe("config: {}\n");
    rmSync(join(stack.workDir, "pulumiscale"), { recursive: true });
    const late = run(() => {
      mkdirSync(join(stack.workDir, "pulumiscale"));
      writeFileSync(join(stack.workDir, "pulumiscale/contract.yaml"), "theirs");
    });
    await expect(late).rejects.toThrow(/there is such a file by now/);
    expect(read("pulumiscale/contract.yaml")).toBe("theirs");
  });

  it("tells where git would never commit the stack file", () => {
    const git = (...args: string[]) =>
      execFileSync("git", args, { cwd: stack.workDir, env: stack.environment, stdio: "pipe" });
    git("init", "--quiet");
    expect(init().stdout).not.toContain(".gitignore");
    writeFileSync(join(stack.workDir, ".gitignore"), "Pulumi.*.yaml\n");
    expect(init().stdout).toContain("problem   Pulumi.dev.yaml is left out by git's rules");
    git("add", "--force", "Pulumi.dev.yaml");
    expect(init().stdout).not.toContain(".gitignore");
  });

  it("asks for a commit only in a git work tree", () => {
    execFileSync("git", ["init", "--quiet"], { cwd: stack.workDir, env: stack.environment });
    const scaledByCommits = "Commit Pulumi.dev.yaml";
    expect(init("--json").stdout).toContain(scaledByCommits);
    rmSync(join(stack.workDir, ".git"), { recursive: true });
    expect(init("--json").stdout).not.toContain(scaledByCommits);
  });

  it("names the programs below a folder that has none", () => {
    const { status, stderr } = init("--dir", join(stack.workDir, ".."));
    expect([status, stderr]).toEqual([2, expect.stringContaining(`--dir ${basename(stack.workDir)}`)]);
  });

  it("writes nothing through a link that leads out of the program", () => {
    const outside = join(stack.workDir, "../outside");
    mkdirSync(outside);
    symlinkSync(outside, join(stack.workDir, "pulumiscale"));
    const { status, stderr } = init("--yes");
    expect(status).toBe(1);
    expect(stderr).toContain("leads out of the program's directory");
    expect(readdirSync(outside)).toEqual([]);
  });

  it("follows stackConfigDir and a link in the stack file's place, and keeps the file's mode", async () => {
    writeFileSync(join(stack.workDir, "Pulumi.yaml"), `stackConfigDir: config\n${PROGRAM}`);
    mkdirSync(join(stack.workDir, "config"));
    writeFileSync(join(stack.workDir, "real.yaml"), OURS, { mode: 0o640 });
    symlinkSync("../real.yaml", join(stack.workDir, "config/Pulumi.dev.yaml"));
    expect(init("--yes").status).toBe(0);
    expect(read("real.yaml")).toContain("webhook-secret");
    expect(
      execFileSync("stat", ["-c", "%a", join(stack.workDir, "real.yaml")], { encoding: "utf8" }).trim(),
    ).toBe("640");
    expect(await secret()).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("pulumiscale init and the stack", { timeout: 60_000 }, () => {
  it("lists several stacks, and says what to type", async () => {
    await stack.pulumi("stack", "init", "prod");
    await stack.pulumi("stack", "unselect");
    writeFileSync(join(stack.workDir, "Pulumi.prod.yaml"), "config: {}\n");
    const { status, stderr } = init("--yes");
    expect(status).toBe(2);
    expect(stderr).toContain("--stack");
    for (const name of ["dev", "prod"]) expect(stderr).toContain(name);
    rmSync(join(stack.workDir, "Pulumi.prod.yaml"));
    expect(init().stdout).toContain("the stack dev:");
    await stack.pulumi("stack", "select", "prod");
    expect(init().stdout).toContain("the stack prod:");
  });

  it.each([
    [["--dir", "/nowhere"], "/nowhere cannot be read"],
    [["--url", "https://scale.example.com/$(id)"], "--url is no address"],
    [["--url", "https://u:p@scale.example.com"], "--url is no address"],
    [["--url", "file:///etc/passwd"], "--url is no address"],
    [["--stack", "a b"], "no name of a stack"],
  ])("exits with 2 for %j", (args, sentence) => {
    const { status, stderr } = init(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it("shows no control character of a project file, and runs nothing of it", () => {
    writeFileSync(join(stack.workDir, "Pulumi.yaml"), 'name: "x\\e[31m$(touch owned)"\nruntime: yaml\n');
    const bad = init("--yes");
    expect(bad.status).toBe(1);
    expect(bad.stderr).toContain("no Pulumi project file");
    writeFileSync(
      join(stack.workDir, "Pulumi.yaml"),
      `stackConfigDir: "a\\e]0;owned\\a'$(touch owned)"\n${PROGRAM}`,
    );
    const { stdout } = init("--yes", "--stack", "dev");
    for (const control of ["\u001b", "\u0007"]) expect(stdout).not.toContain(control);
    const bin = join(stack.workDir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "aws"), "#!/bin/sh\necho arn:topic\n", { mode: 0o755 });
    const script = spawnSync("sh", [join(stack.workDir, "pulumiscale/cloudwatch.sh")], {
      env: { PATH: `${bin}:${process.env.PATH}` },
      encoding: "utf8",
    });
    expect(script.stderr).toContain("    - arn:topic");
    expect(files().filter((name) => name.endsWith("owned"))).toEqual([]);
  });
});
