import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, runToEnd } from "../package/install-package.ts";
import { type RunningProcess, startProcess } from "./start-process.ts";

const COMMAND_LINE = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A person's own machine: a terminal in which `pulumiscale`, git, pulumi and a signed-in `gh` are there. */
export type Desk = {
  /** Where a terminal opens. */
  readonly folder: string;
  /** Runs lines of a shell, in a folder of the desk, whatever they end with. */
  run(lines: string, folder?: string): Promise<Ended>;
  /** Starts lines whose last one goes on until it is stopped. */
  start(lines: string, environment?: Readonly<Record<string, string>>): RunningProcess;
};

/** Lays out the desk in a new folder. `token` is what `gh auth token` prints, and what git shows to GitHub at `githubUrl`. */
export function openDesk(
  folder: string,
  { githubUrl, token, login }: { githubUrl: string; token: string; login: string },
  environment: Readonly<Record<string, string>>,
): Desk {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const program = (name: string, line: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  program("pulumiscale", `exec '${process.execPath}' '${COMMAND_LINE}' "$@"`);
  program("gh", `test "$*" = "auth token" && echo ${token}`);
  const credentials = githubUrl.replace("http://", `http://x-access-token:${token}@`);
  writeFileSync(
    join(folder, ".gitconfig"),
    `[user]\n  name = ${login}\n  email = ${login}@example.com\n[url "${credentials}/"]\n  insteadOf = https://github.com/\n`,
  );
  const env = {
    ...process.env,
    ...environment,
    HOME: folder,
    PULUMI_HOME: join(folder, ".pulumi"),
    GIT_CONFIG_NOSYSTEM: "1",
    PATH: [bin, process.env.PATH].join(delimiter),
  };
  return {
    folder,
    run: (lines, at = folder) => runToEnd("sh", ["-ec", lines], at, env),
    start: (lines, more = {}) => {
      const [last = "", ...before] = lines.trimEnd().split("\n").reverse();
      const text = [...before.reverse(), `exec ${last}`].join("\n");
      return startProcess("sh", ["-ec", text], { cwd: folder, env: { ...env, ...more } });
    },
  };
}
