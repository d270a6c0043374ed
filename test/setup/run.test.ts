import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const runScript = path.join(root, "test", "setup", "run.mjs");

function run(...args: string[]) {
  return spawnSync(process.execPath, [runScript, ...args], { encoding: "utf8" });
}

test("a program found on the path does not bring its neighbours to the front", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "run-"));
  try {
    for (const name of ["prometheus-alertmanager", "node"]) {
      writeFileSync(path.join(folder, name), "#!/bin/sh\necho the one beside it\n", { mode: 0o755 });
    }
    const PATH = ["/nonexistent", folder, process.env.PATH].join(path.delimiter);
    const args = [runScript, "alertmanager", "--", "sh", "-c", "node --version; prometheus-alertmanager"];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, PATH } });
    expect(stdout).toMatch(/^v24\..*\nthe one beside it\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the command runs on Node 24, in the root of the tree, with the packages' programs on the path", () => {
  const command = "process.stdout.write(JSON.stringify([process.version, process.cwd(), process.env.PATH]))";
  const { stdout, status } = run("--", "node", "--eval", command);
  expect(status).toBe(0);
  const [version, cwd, PATH] = JSON.parse(stdout);
  expect(version).toMatch(/^v24\./);
  expect(path.join(cwd, "/")).toBe(root);
  expect(PATH.split(path.delimiter)[0]).toBe(path.join(root, "node_modules", ".bin"));
});

test("arguments reach the command as they are, and its exit code comes back", () => {
  const { stdout, status } = run(
    "--",
    "sh",
    "-c",
    `printf '%s|' "$@"; exit 7`,
    "sh",
    "a b",
    "--",
    "$HOME",
    "",
  );
  expect(stdout).toBe("a b|--|$HOME||");
  expect(status).toBe(7);
});

test("a command that is not there is named", () => {
  const { stderr, status } = run("--", "no-such-program");
  expect(status).toBe(127);
  expect(stderr).toContain("set-up: no-such-program could not be started");
});

test("a program that the set-up does not know is named", () => {
  const { stderr, status } = run("terraform");
  expect(status).not.toBe(0);
  expect(stderr).toContain(
    "set-up knows pulumi, alertmanager, act, actionlint, versitygw, kubernetes, and no terraform",
  );
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s reaches the command, which decides how to end",
  async (signal) => {
    const script = `trap 'echo got ${signal}; exit 3' ${signal.slice(3)}; echo ready; for i in $(seq 100); do sleep 0.05; done`;
    const child = spawn(process.execPath, [runScript, "--", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      if (stdout === "") child.kill(signal);
      stdout += chunk;
    });
    const [code] = await once(child, "close");
    expect(stdout).toContain(`got ${signal}`);
    expect(code).toBe(3);
  },
);

test("a command that dies of a signal ends as shells say it", () => {
  expect(run("--", "sh", "-c", "kill -KILL $$").status).toBe(137);
});
