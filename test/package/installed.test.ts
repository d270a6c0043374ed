import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { VERSION } from "../../src/version.ts";
import { makeDeployRepository, REPO } from "../apply/support/deploy-repository.ts";
import { requireProgram } from "../setup/require-program.ts";
import { PROCESS_SECRETS } from "../support/app-process-world.ts";
import { eventually, startAppWorld } from "../support/app-world.ts";
import { startProcess } from "../world/start-process.ts";
import { type InstalledPackage, installPackage, runToEnd } from "./install-package.ts";
import { npmEnvironment, type PackedTree, packTree, runNpm } from "./pack-tree.ts";

let packed: PackedTree;
let installed: InstalledPackage;
beforeAll(async () => {
  packed = await packTree();
  installed = await installPackage(packed.tarball);
}, 120_000);
afterAll(async () => {
  await installed?.remove();
  await packed?.remove();
});

const NO_SETTINGS = { GITHUB_TOKEN: "", GH_TOKEN: "", APP_ID: "", PRIVATE_KEY: "", WEBHOOK_SECRET: "" };

describe("the installed package", { timeout: 60_000 }, () => {
  it("prints its version", async () => {
    expect(await installed.npx(["--version"])).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  it("helps, with each command", async () => {
    const { stdout } = await installed.npx(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[| {2})/gm)].map(([, name = ""]) => name);
    expect(commands).toEqual(expect.arrayContaining(["app", "apply", "publish", "preview", "pending"]));
    for (const command of commands.filter((name) => name !== "help")) {
      const help = await runToEnd(
        installed.program,
        [command, "--help"],
        installed.folder,
        npmEnvironment(""),
      );
      expect([command, help.exitCode, help.stderr]).toEqual([command, 0, ""]);
      expect(help.stdout).toContain(`pulumiscale ${command}`);
    }
  });

  it("names the settings that the app lacks", async () => {
    const { exitCode, stderr } = await installed.npx(["app"], NO_SETTINGS);
    expect(exitCode).toBe(1);
    for (const name of ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"]) expect(stderr).toContain(name);
  });

  it("takes what is missing in a call for wrong usage", async () => {
    const { exitCode, stderr } = await installed.npx(["pending"], NO_SETTINGS);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("GITHUB_TOKEN");
  });

  it("tells an older Node what it lacks", async () => {
    const older = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.19.0" } })`;
    const args = [
      "--import",
      `data:text/javascript,${encodeURIComponent(older)}`,
      installed.program,
      "--help",
    ];
    const { exitCode, stdout, stderr } = await runToEnd(process.execPath, args, installed.folder, {});
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      "PulumiScale needs Node 22.20 or newer, and this is Node 22.19.0: https://nodejs.org\n",
    );
  });

  it("plans by its other command", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "infra-scale-installed-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const program = path.join(path.dirname(installed.program), "infra.scale");
    const ended = await runToEnd(program, ["--workload=Deployment:web:6"], folder, npmEnvironment(""));
    expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nsucceeded\n$/), stderr: "" });
    const plan = /^plan_yaml=(.*)$/m.exec(ended.stdout)?.[1] ?? "";
    expect(await readFile(plan, "utf8")).toContain("to: 6");
  });

  it("has what it takes to ask a cluster", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "infra-scale-installed-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [cluster, user] = [{ server: "https://127.0.0.1:1" }, { token: "nobodys-token" }];
    const [clusters, users] = [[{ name: "a", cluster }], [{ name: "a", user }]];
    const contexts = [{ name: "gone", context: { cluster: "a", user: "a" } }];
    const kubeconfig = path.join(folder, "config");
    await writeFile(kubeconfig, JSON.stringify({ "current-context": "gone", clusters, users, contexts }));
    const program = path.join(path.dirname(installed.program), "infra.scale");
    const args = [`--kubeconfig=${kubeconfig}`, "--workload=Deployment:web:6"];
    const { exitCode, stdout, stderr } = await runToEnd(program, args, folder, npmEnvironment(""));
    expect([exitCode, stdout.endsWith("succeeded\n")]).toEqual([0, true]);
    expect(stderr).toMatch(
      /The cluster of the context `gone` cannot be reached at 127\.0\.0\.1:1 \(ECONNREFUSED\)/,
    );
  });

  it("runs the app until SIGTERM", async () => {
    const { app, github, issuer } = await startAppWorld();
    const running = startProcess(installed.program, ["app"], {
      cwd: installed.folder,
      env: {
        ...npmEnvironment(""),
        ...{ HOST: "127.0.0.1", PORT: "0", ...PROCESS_SECRETS },
        ...{ APP_ID: String(app.appId), PRIVATE_KEY: app.privateKey },
        ...{ GITHUB_API_URL: github.apiUrl, PULUMISCALE_OIDC_ISSUER: issuer.url },
      },
    });
    onTestFinished(() => running.kill());
    const port = /"port":(\d+)/.exec(await running.waitForLine(/"msg":"listening"/))?.[1];
    const readiness = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    expect(await eventually(readiness, (status) => status === 200)).toBe(200);
    await running.stop();
    expect(running.child.exitCode).toBe(0);
  });

  it("previews and applies a scale commit with the real engine", async ({ skip }) => {
    requireProgram("pulumi", skip);
    const values = { "shop:webCount": 3, "shop:queueCount": 5, "shop:idleCount": 1 };
    const repository = await makeDeployRepository("yaml-stash", values);
    onTestFinished(() => repository.stop());
    const { github, stack } = repository;
    await repository.checkout(await repository.scale("web", "shop:webCount", 3, 4));
    const permissions = { contents: "write", checks: "write", metadata: "read" } as const;
    const env = {
      ...stack.environment,
      ...repository.jobVariables,
      PATH: npmEnvironment("").PATH,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_TOKEN: github.issueToken({ kind: "workflow", repo: REPO, permissions }),
    };
    const answerOf = async (command: string) => {
      const args = [command, "--dir", stack.workDir, "--stack", "dev", "--repo", REPO, "--json"];
      const { exitCode, stdout, stderr } = await installed.npx(args, env);
      return { exitCode, answer: JSON.parse(stdout || JSON.stringify(stderr)) };
    };
    expect(await answerOf("preview")).toMatchObject({
      exitCode: 0,
      answer: { pools: [{ pool: "web", from: 3, to: 4, verdict: "changes" }] },
    });
    expect(await answerOf("apply")).toMatchObject({
      exitCode: 0,
      answer: { kind: "done", receipt: { outcome: "applied" } },
    });
    expect((await stack.inputsOf("web"))?.input).toBe(4);
  });
});

it("leaves the packages of a Pulumi program beside it as they are", { timeout: 60_000 }, async () => {
  const home = await mkdtemp(path.join(tmpdir(), "program-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const program = path.join(home, "program");
  const sdk = path.join(home, "sdk");
  await mkdir(program);
  await mkdir(sdk);
  await writeFile(path.join(sdk, "package.json"), `{ "name": "@pulumi/pulumi", "version": "3.1.0" }`);
  await writeFile(path.join(program, "package.json"), `{ "name": "shop", "version": "1.0.0" }`);
  await runNpm(["install", sdk], program, home);
  const sidecar = await installPackage(packed.tarball, program);
  onTestFinished(() => sidecar.remove());
  const lock = JSON.parse(await readFile(path.join(program, "package-lock.json"), "utf8"));
  const places = Object.keys(lock.packages).filter((place) => place.startsWith("node_modules/"));
  expect(places).toEqual(["node_modules/@pulumi/pulumi", "node_modules/pulumiscale"]);
  expect(lock.packages["node_modules/@pulumi/pulumi"].version).toBe("3.1.0");
  expect((await sidecar.npx(["--version"])).stdout).toBe(`${VERSION}\n`);
});
