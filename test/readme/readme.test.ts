import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { parseCommands } from "../../src/domain/command.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";
import { APP_ROUTES } from "../../src/http/routes.ts";
import { npmEnvironment } from "../package/pack-tree.ts";
import { requireProgram } from "../setup/require-program.ts";
import { readmeExamples, readmeFile } from "./readme-examples.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Deploys a program with the real engine, by the README's own commands, and answers its output `pulumiscale`. */
function contractOf(pulumi: string, folder: string): unknown {
  const env = { ...process.env, PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "readme" };
  const run = (...args: string[]) =>
    execFileSync(pulumi, args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
  run("stack", "init", "prod");
  run("config", "set", "workerCount", "3");
  run("up", "--yes", "--skip-preview");
  return JSON.parse(run("stack", "output", "pulumiscale", "--json"));
}

describe("the README", () => {
  it("starts the app from a clone with its packages, also on a server that leaves out what is for development", () => {
    const manifest = {
      name: "app",
      version: "1.0.0",
      private: true,
      devDependencies: { library: "file:./library" },
    };
    const cwd = folderWith({
      "package.json": JSON.stringify(manifest),
      "library/package.json": JSON.stringify({ name: "library", version: "1.0.0" }),
    });
    const env = { ...npmEnvironment(cwd), NODE_ENV: "production" };
    execFileSync("npm", ["install", "--package-lock-only", "--offline"], { cwd, env, stdio: "pipe" });
    const [, command = ""] = / && (npm ci.*)$/m.exec(readmeFile("run-app.sh")) ?? [];
    execFileSync("sh", ["-ec", command], { cwd, env, stdio: "pipe" });
    expect(existsSync(join(cwd, "node_modules/library/package.json"))).toBe(true);
  });

  it("tells of one pool throughout, and its comments are commands", () => {
    const text = readFileSync(join(ROOT, "README.md"), "utf8");
    const comment = readmeExamples().find((example) => example.text.startsWith("/scale "))?.text ?? "";
    const commands = parseCommands(comment, Date.now());
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.filter(({ kind }) => kind === "mistake")).toEqual([]);
    const said = [
      ...[...comment.matchAll(/^\/scale .*$/gm)].filter(([line]) => !line.includes("/scale pause shop.prod")),
      ...text.matchAll(/"pool": "[^"]*"/g),
      ...text.matchAll(/\/(?:scale|pools|webhook)\/(?!prometheus)[a-z-]+/g),
    ];
    expect(said.length).toBeGreaterThan(8);
    expect(said.map(([words]) => words).filter((words) => !words.includes("worker-pool"))).toEqual([]);
  });

  it("shows a YAML program whose contract the real engine gives", { timeout: 120_000 }, ({ skip }) => {
    const pulumi = requireProgram("pulumi", skip);
    const { contract, problems } = parseContract(
      contractOf(pulumi, folderWith({ "Pulumi.yaml": readmeFile("Pulumi.yaml") })),
    );
    expect(problems).toEqual([]);
    expect(contract.get("worker-pool")).toMatchObject({ min: 1, max: 50, cooldownSeconds: 300 });
  });

  it("shows a TypeScript program whose contract the real engine gives", { timeout: 120_000 }, ({ skip }) => {
    const pulumi = requireProgram("pulumi", skip);
    const folder = folderWith({
      "Pulumi.yaml": "name: shop\nruntime: nodejs\n",
      "package.json": "{}",
      "tsconfig.json": readFileSync(join(ROOT, "fixtures/programs/node-workers/tsconfig.json"), "utf8"),
      "index.ts": readmeFile("index.ts"),
    });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const { contract, problems, warnings } = parseContract(contractOf(pulumi, folder));
    expect([problems, warnings]).toEqual([[], []]);
    expect(contract.get("worker-pool")?.approval).toEqual({ above: 20, changeOver: "50%" });
  });

  it("shows a Python program that Python parses", () => {
    const check = spawnSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], {
      input: readmeFile("__main__.py"),
      encoding: "utf8",
    });
    expect(check.stderr).toBe("");
    expect(check.status).toBe(0);
  });

  it("shows a Go program that gofmt has nothing to change in", () => {
    const formatted = execFileSync("gofmt", { input: readmeFile("main.go"), encoding: "utf8" });
    expect(formatted).toBe(readmeFile("main.go"));
  });

  it("says the same contract in every language", () => {
    for (const name of ["index.ts", "__main__.py", "main.go", "Pulumi.yaml"]) {
      for (const field of ["targetUrn", "configKey", "strategy", "min", "max", "cooldown", "workerCount"]) {
        expect(readmeFile(name)).toContain(field);
      }
    }
  });

  it("shows an Alertmanager configuration that Alertmanager takes", ({ skip }) => {
    const amtool = join(dirname(requireProgram("alertmanager", skip)), "amtool");
    const folder = folderWith({ "alertmanager.yml": readmeFile("alertmanager.yml") });
    const check = spawnSync(amtool, ["check-config", join(folder, "alertmanager.yml")], { encoding: "utf8" });
    expect(`${check.stdout}${check.stderr}`).toContain("SUCCESS");
    const config = parse(readmeFile("alertmanager.yml")) as {
      receivers: { webhook_configs?: { url: string }[] }[];
    };
    const url = new URL(config.receivers.flatMap((receiver) => receiver.webhook_configs ?? [])[0]?.url ?? "");
    expect(APP_ROUTES.map(({ path }) => path)).toContain(url.pathname);
  });

  it("shows alerting rules whose annotations the app reads", () => {
    const rules = parse(readmeFile("rules.yml")) as { groups: { rules: { labels: { pool: string } }[] }[] };
    expect(rules.groups[0]?.rules.map(({ labels }) => labels.pool)).toEqual(["worker-pool", "worker-pool"]);
  });

  it("shows a deploy workflow whose inputs and outputs the Action has", () => {
    const workflow = parse(readmeFile(".github/workflows/deploy.yml")) as {
      jobs: { deploy: { steps: { uses?: string; with?: Record<string, string>; if?: string }[] } };
    };
    const action = parse(readFileSync(join(ROOT, "action/action.yml"), "utf8")) as {
      inputs: object;
      outputs: object;
    };
    const ours = workflow.jobs.deploy.steps.filter(({ uses }) => uses?.startsWith("pulumiscale/"));
    expect(ours).toHaveLength(2);
    for (const step of ours) {
      for (const input of Object.keys(step.with ?? {})) expect(Object.keys(action.inputs)).toContain(input);
    }
    expect(Object.keys(action.outputs)).toContain("full-needed");
  });

  it("shows a repository file that is valid", () => {
    expect(parseRepositoryFile(readmeFile(".github/pulumiscale.yml"))).toMatchObject({ kind: "good" });
  });

  it("names routes that are there", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    for (const path of [
      "/webhook/{pool}/prometheus",
      "/webhook/prometheus",
      "/webhook/{pool}/count",
      "/webhook/{pool}/delta",
      "/scale/{pool}",
      "/pools",
      "/healthz",
      "/readyz",
      "/metrics",
      "/openapi.json",
    ]) {
      expect(readme).toContain(path);
      expect(APP_ROUTES.map((route) => route.path)).toContain(path);
    }
  });

  it("links to files that are there", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    for (const [, target = ""] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
      if (!target.startsWith("http"))
        expect([target, existsSync(join(ROOT, target))]).toEqual([target, true]);
    }
  });

  it("shows npm scripts and commands that are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const shell = readmeExamples()
      .filter(({ language }) => language === "sh")
      .map(({ text }) => text)
      .join("\n");
    for (const [, name = ""] of shell.matchAll(/\bnpm (?:run )?(demo|test|start|bench)\b/g))
      expect(scripts[name]).toBeDefined();
    const help = execFileSync(process.execPath, ["src/cli/main.ts", "--help"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(help).toContain("app");
  });
});
