import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "../setup/find-program.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "completions-"));
  for (const file of ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yml", "a folder.txt"])
    writeFileSync(join(folder, file), "");
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(join(folder, shell), run(process.execPath, [MAIN, "completions", shell]));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

function script(shell: string): string {
  return readFileSync(join(folder, shell), "utf8");
}

/** The commands, and the long options of one, as the help shows them. */
function helped(...command: string[]): string[] {
  const help = run(process.execPath, [MAIN, ...command, "--help"]);
  return command.length === 0
    ? [...help.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name = ""]) => name)
    : [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name = ""]) => name);
}

/** What bash offers for a line whose last word is being typed. */
function bash(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  const complete = `COMP_WORDS=(pulumiscale ${line}); COMP_CWORD=${words.length}; _pulumiscale; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", ["--norc", "-uc", `source ./bash; ${complete}`])
    .split("\n")
    .filter(Boolean);
}

describe("completions for bash", () => {
  it("are registered when the script is sourced", () => {
    expect(run("bash", ["--norc", "-euc", "source ./bash; complete -p"]).trim()).toBe(
      "complete -F _pulumiscale pulumiscale",
    );
  });

  it("offer every command that the help shows", () => {
    const commands = helped();
    expect(commands.length).toBeGreaterThan(6);
    expect(bash("")).toEqual(expect.arrayContaining(commands));
    expect(bash("ini")).toEqual(["init"]);
  });

  it("offer every option of a command, and no other's", { timeout: 60_000 }, () => {
    for (const command of helped().filter((name) => name !== "help"))
      expect([command, ...bash(command, "--").sort()]).toEqual([command, ...helped(command).sort()]);
    expect(bash("init", "--y")).toEqual(["--yes"]);
    expect(bash("app", "cr")).toEqual(["create"]);
    expect(bash("app", "create", "--").sort()).toEqual(helped("app", "create").sort());
    expect(bash("completions", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });

  it("offer stacks that have a file, folders, and nothing where a word is free", () => {
    expect(bash("init", "--stack", "")).toEqual(["dev", "prod"]);
    expect(bash("init", "--stack", "p")).toEqual(["prod"]);
    expect(bash("init", "--dir", "/us")).toContain("/usr");
    expect(bash("init", "--url", "")).toEqual([]);
    expect(bash("nothing", "")).toEqual([]);
  });
});

describe("completions for zsh and fish", () => {
  it("name every command and option that the help shows", () => {
    for (const command of helped()) {
      expect(script("zsh")).toContain(`'${command}:`);
      expect(script("fish")).toContain(` -a ${command} -d '`);
    }
    const fish = script("fish")
      .split("\n")
      .filter((line) => line.includes("'__fish_seen_subcommand_from init' -l"));
    expect(fish.map((line) => `--${/ -l ([a-z-]+)/.exec(line)?.[1]}`).sort()).toEqual(helped("init").sort());
    const zsh = /^ {4}init\)\n([\s\S]*?) ;;$/m.exec(script("zsh"))?.[1] ?? "";
    expect([...zsh.matchAll(/'(--[a-z-]+)\[/g)].map(([, name]) => name).sort()).toEqual(
      helped("init").sort(),
    );
  });

  it("close every quote: bash takes zsh's script as its own grammar, and each line of fish's stands for itself", () => {
    run("bash", ["-n", "./zsh"]);
    const lines = script("fish")
      .split("\n")
      .filter((line) => line.startsWith("complete "));
    expect(lines.length).toBeGreaterThan(30);
    for (const line of lines) expect(line).toMatch(/^complete(?: (?:[\w.-]+|'(?:[^'\\]|\\['\\])*'))+$/);
  });

  // CI has neither shell, and the checks above need none; where one is, it has its say too.
  if (findProgram(["zsh"]) !== undefined)
    it("are taken by zsh itself", () => expect(run("zsh", ["-n", "./zsh"])).toBe(""));
  if (findProgram(["fish"]) !== undefined) {
    it("are offered by fish itself", () => {
      const fish = (line: string) => {
        const offered = run("fish", ["--no-config", "-c", `source ./fish; complete -C '${line}'`]);
        return offered
          .split("\n")
          .filter(Boolean)
          .map((each) => each.split("\t")[0] ?? "");
      };
      expect(fish("pulumiscale ")).toEqual(expect.arrayContaining(helped()));
      expect(fish("pulumiscale init --").sort()).toEqual(helped("init").sort());
      expect(fish("pulumiscale init --stack ")).toEqual(["dev", "prod"]);
      expect(fish("pulumiscale completions ")).toEqual(expect.arrayContaining(["bash", "fish", "zsh"]));
    });
  }
});

it("knows no other shell", () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "completions", "tcsh"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("bash, zsh, fish");
});
