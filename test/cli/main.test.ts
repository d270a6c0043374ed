import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { readmeExamples } from "../readme/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { GITHUB_TOKEN: _, GH_TOKEN: __, GITHUB_REPOSITORY: ___, ...rest } = process.env;
  return spawnSync(process.execPath, ["src/cli/main.ts", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...rest, ...env },
  });
}

describe("pulumiscale", () => {
  it("helps with examples, and prints its version", () => {
    const help = run(["--help"]);
    expect([help.status, help.stderr]).toEqual([0, ""]);
    for (const command of ["app", "apply", "publish", "preview", "pending"])
      expect(help.stdout).toContain(`pulumiscale ${command}`);
    expect(run(["--version"]).stdout.trim()).toBe(VERSION);
  });

  it.each([
    ["an unknown command", ["scael"]],
    ["an unknown flag", ["apply", "--satck", "prod"]],
    ["a number that is none", ["apply", "--parallel", "many"]],
    ["no token", ["apply", "--stack", "prod", "--repo", "a/b"]],
    ["no command", []],
  ])("exits with 2 for %s, and says so", (_, args) => {
    const { status, stderr } = run(args);
    expect(status).toBe(2);
    expect(stderr.length).toBeGreaterThan(20);
  });

  it("takes `help` for no mistake, and shows what it shows with --help", () => {
    expect(run(["help"])).toMatchObject({ status: 0, stdout: run(["--help"]).stdout });
    expect(run(["help", "scale"])).toMatchObject({ status: 0, stderr: "" });
  });

  it.each([
    [["scael"], "(run pulumiscale --help for the commands)"],
    [["scale", "worker-pool"], "(run pulumiscale scale --help for what it takes)"],
    [["app", "creat"], "(run pulumiscale app --help for what it takes)"],
    [["app", "create", "--ogr", "acme"], "(run pulumiscale app create --help for what it takes)"],
    [["doctor", "https://github.com/acme/infra"], "name it as owner/repository, such as acme/infra"],
  ])("says after %j where to look", (args, hint) => {
    const { status, stderr } = run(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(hint)]);
  });

  it("names the repository that is missing", () => {
    const { status, stderr } = run(["pending"], { GITHUB_TOKEN: "x" });
    expect(status).toBe(2);
    expect(stderr).toContain("--repo");
  });

  it("does not start the app without its settings, and names them", () => {
    const { status, stderr } = run(["app"], { APP_ID: "", PRIVATE_KEY: "", WEBHOOK_SECRET: "" });
    expect(status).toBe(1);
    for (const name of ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"]) expect(stderr).toContain(name);
  });

  it("knows every command for a deploy that the README shows, and its flags", () => {
    const shown = readmeExamples().flatMap(({ language, text }) =>
      language === "sh" ? text.split("\n") : [],
    );
    const calls = shown
      .filter((line) => /^pulumiscale (?:apply|preview|publish|pending) /.test(line))
      .map((line) => line.split(" ").slice(1));
    expect(calls.length).toBeGreaterThan(3);
    for (const args of calls) {
      const { stderr, status } = run(args);
      expect([args, status === 0 || stderr.includes("GITHUB_TOKEN")]).toEqual([args, true]);
    }
  });
});
