import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { validate } from "dockerfile-utils";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runToEnd } from "../package/install-package.ts";
import { requireProgram } from "../setup/require-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFileSync(path.join(ROOT, "docs/deploy", file), "utf8");

const unit = read("pulumiscale.service");
const dockerfile = read("Dockerfile");

let serveHelp = "";
beforeAll(() => {
  const help = spawnSync(process.execPath, ["src/cli/main.ts", "serve", "--help"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  serveHelp = help.stdout;
});

/** The values of a setting of the unit, in their order. */
const settingsOf = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);

/** Serves 200 on /healthz, or 404 where it is not healthy, until the test has finished. */
async function startHealth(status: 200 | 404): Promise<number> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/healthz" ? status : 500;
    response.end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("the systemd unit", () => {
  it("is one that systemd understands", ({ skip }) => {
    const program = requireProgram("systemd-analyze", skip);
    const folder = mkdtempSync(path.join(tmpdir(), "unit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "pulumiscale.service");
    const verify = (text: string) => {
      // Verifying looks for the program too.
      writeFileSync(file, text.replace("/usr/local/bin/pulumiscale", process.execPath));
      const { stderr, status } = spawnSync(program, ["verify", file], { encoding: "utf8" });
      return [status, stderr.split("\n").filter((line) => line.includes("pulumiscale.service"))];
    };
    expect(verify(unit)).toEqual([0, []]);
    expect(verify(unit.replace("KillMode=process", "KillMode=proces"))[1]).toHaveLength(1);
  });

  it("signals the main process alone, and gives it longer than an update is waited for", () => {
    expect(settingsOf("KillMode")).toEqual(["process"]);
    expect(settingsOf("KillSignal")).toEqual(["SIGTERM"]);
    expect(settingsOf("TimeoutStopSec")).toEqual(["2min"]);
  });

  it("starts serve with flags that it has", () => {
    const [start = ""] = settingsOf("ExecStart");
    expect(start).toMatch(/^\/usr\/local\/bin\/pulumiscale serve /);
    const flags = [...start.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
    expect(flags).toHaveLength(3);
    for (const flag of flags) expect(serveHelp).toContain(flag);
  });

  it("is started when /healthz answers, and has failed when the process has ended", async () => {
    const [command = ""] = settingsOf("ExecStartPost");
    const script = /^\/bin\/sh -c '([^']+)'$/.exec(command)?.[1] ?? "";
    const startPost = (port: number, pid: number) =>
      runToEnd("/bin/sh", ["-c", script], ROOT, {
        ...{ PATH: process.env.PATH, MAINPID: String(pid) },
        ...{ PULUMISCALE_HOST: "127.0.0.1", PULUMISCALE_PORT: String(port) },
      });
    const { pid: ended } = spawnSync(process.execPath, ["--version"]);
    expect((await startPost(await startHealth(200), ended)).exitCode).toBe(0);
    expect((await startPost(await startHealth(404), ended)).exitCode).toBe(1);
  });

  it("has an example of each variable that it needs", () => {
    const example = read("pulumiscale.env");
    expect(settingsOf("EnvironmentFile")).toEqual(["/etc/pulumiscale/pulumiscale.env"]);
    expect(example).toMatch(/^PULUMISCALE_STACK=./m);
    for (const line of example.split("\n")) expect(line).toMatch(/^(#.*|[A-Z_]+=\S*)?$/);
  });
});

// Images cannot be built everywhere that tests run: what is checked is the file.
describe("the Dockerfile", () => {
  it("is one that a linter has nothing to say of", () => {
    expect(validate(dockerfile)).toEqual([]);
    expect(validate(dockerfile.replace("STOPSIGNAL SIGTERM", "STOP SIGTERM"))).toHaveLength(1);
  });

  it("runs serve as nobody's root, by an entry point that gets the signals", () => {
    const lastStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
    expect(lastStage).toMatch(/^USER 1000:1000$/m);
    expect(lastStage).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(lastStage).toMatch(/^ENTRYPOINT \["pulumiscale"\]$/m);
    const [, command = "[]"] = /^CMD (\[.*\])$/m.exec(lastStage) ?? [];
    const [serve, ...args]: string[] = JSON.parse(command);
    expect(serve).toBe("serve");
    for (const flag of args.filter((arg) => arg.startsWith("--"))) expect(serveHelp).toContain(flag);
  });

  it("is healthy when /healthz says so", async () => {
    const [, command = "[]"] = /^HEALTHCHECK [^[]+(\[.*\])$/m.exec(dockerfile.replaceAll("\\\n", "")) ?? [];
    const [node, flag = "", script = ""]: string[] = JSON.parse(command);
    expect([node, flag]).toEqual(["node", "-e"]);
    const check = async (port: number) =>
      (await runToEnd(process.execPath, [flag, script.replace("3000", String(port))], ROOT, {})).exitCode;
    expect(await check(await startHealth(200))).toBe(0);
    expect(await check(await startHealth(404))).toBe(1);
    expect(await check(1)).toBe(1);
  });
});
