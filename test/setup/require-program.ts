import { execFileSync } from "node:child_process";
import { delimiter } from "node:path";
import { alertmanagerInstall, alertmanagerNames } from "./alertmanager.ts";
import { findProgram } from "./find-program.ts";

interface Program {
  /** What it may be called; the first one found is taken. */
  names: readonly string[];
  /** The command that brings it. */
  install: string;
  /** Where it lies when not on the path. */
  folders?: () => readonly string[];
}

const programs = {
  alertmanager: { names: alertmanagerNames, install: alertmanagerInstall },
  pulumi: { names: ["pulumi"], install: "npm run setup" },
  act: { names: ["act"], install: "npm run setup (needs Go, https://go.dev/dl/)" },
  versitygw: { names: ["versitygw"], install: "npm run setup (needs Go, https://go.dev/dl/)" },
  "kube-apiserver": { names: ["kube-apiserver"], install: "npm run setup (needs Go, https://go.dev/dl/)" },
  git: { names: ["git"], install: "apt-get install git (2.38 or newer)" },
  "systemd-analyze": { names: ["systemd-analyze"], install: "apt-get install systemd" },
  "git-http-backend": {
    names: ["git-http-backend"],
    install: "apt-get install git",
    folders: () => [execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim()],
  },
  go: { names: ["go"], install: "https://go.dev/dl/" },
  python3: { names: ["python3"], install: "apt-get install python3 python3-pip" },
  javac: { names: ["javac"], install: "apt-get install default-jdk-headless" },
  mvn: { names: ["mvn"], install: "apt-get install maven" },
} satisfies Record<string, Program>;

/**
 * The absolute path of a program that a test cannot do without. Where it is missing the test is skipped, loudly, with
 * the command that installs it; on CI, where nothing may be skipped, the test fails.
 * @param skip of the test's context: `test("…", ({ skip }) => { const git = requireProgram("git", skip); … })`
 */
export function requireProgram(name: keyof typeof programs, skip: (note: string) => never): string {
  const program: Program = programs[name];
  const onThePath = (process.env.PATH ?? "").split(delimiter);
  const found = findProgram(program.names, [...onThePath, ...(program.folders?.() ?? [])]);
  if (found !== undefined) return found;
  const message = `${name} is not on this machine. To install it: ${program.install}`;
  if (process.env.CI === "true") throw new Error(message);
  process.stderr.write(`\n  SKIPPED: ${message}\n\n`);
  return skip(message);
}
