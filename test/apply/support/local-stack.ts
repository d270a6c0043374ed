import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type AdoptResult, adoptStack } from "../../../src/apply/adopt-stack.ts";
import {
  type ApplyRequest,
  type ApplyResult,
  type ApplyWorld,
  applyStack,
} from "../../../src/apply/apply-stack.ts";
import { readCheckout } from "../../../src/apply/checkout.ts";
import { type Operation, readOperation, readOperationUpdates } from "../../../src/apply/read-operation.ts";
import { redactor } from "../../../src/apply/redact.ts";
import { localLedgerTrust } from "../../../src/apply/trusted-entry.ts";
import { parseScaleCommit } from "../../../src/domain/scale-commit.ts";
import { Git } from "../../../src/forge/git.ts";
import { LocalApplyForge } from "../../../src/forge/local-apply.ts";
import { LocalLedger } from "../../../src/forge/local-ledger.ts";
import { LedgerEntry } from "../../../src/ledger/entry.ts";
import { makeCountingPulumi, SECRET } from "./deploy-repository.ts";
import { makePulumiStack, type PulumiStack } from "./pulumi-stack.ts";

const run = promisify(execFile);

/** A real stack in a real git work tree, without any server. */
export type LocalStack = {
  stack: PulumiStack;
  root: string;
  alias: string;
  forge: LocalApplyForge;
  ledger: LocalLedger;
  said: string[];
  git: (...args: string[]) => Promise<string>;
  /** Commits these files. Answers the commit's id. */
  commit: (files: Readonly<Record<string, string>>, message?: string) => Promise<string>;
  /** A scale commit of one pool. */
  scale: (pool: string, key: string, from: number, to: number) => Promise<string>;
  adopt: () => Promise<AdoptResult>;
  apply: (engine?: Partial<ApplyRequest["engine"]>) => Promise<ApplyResult>;
  operation: (commit: string) => Promise<Operation>;
  request: (engine?: Partial<ApplyRequest["engine"]>) => Promise<ApplyRequest>;
  world: ApplyWorld;
  entry: () => Promise<LedgerEntry>;
  stackFile: () => Promise<string>;
  /** The Pulumi processes since the last call. */
  pulumiProcesses: () => Promise<string[]>;
  /** The git processes of the forge since the last call. */
  gitProcesses: () => Promise<string[]>;
};

/** Sets it up with `fixtures/programs/<program>` in the folder `infra` of the work tree, committed and never updated. */
export async function makeLocalStack(
  program: string,
  values: Readonly<Record<string, string | number>>,
): Promise<LocalStack> {
  const stack = await makePulumiStack(program, {}, "infra");
  const root = join(stack.workDir, "..");
  const alias = `${stack.project}.dev`;
  const git = async (...args: string[]) => {
    const settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"];
    const { stdout } = await run("git", [...settings, ...args], { cwd: root, env: stack.environment });
    return stdout.trim();
  };
  const lines = Object.entries(values).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  await writeFile(stack.stackFile, "");
  await stack.pulumi("config", "set", "--secret", "pulumiscale:webhook-secret", SECRET, "--stack", "dev");
  const secured = (await readFile(stack.stackFile, "utf8")).replace(/\n?$/, "\n");
  await writeFile(stack.stackFile, `${secured}${lines.join("")}`);
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "the program");

  const processes = join(root, "..", "processes");
  const gitProcesses = join(root, "..", "git-processes");
  await writeFile(processes, "");
  await writeFile(gitProcesses, "");
  const environment = {
    ...stack.environment,
    PATH: `${await makeCountingPulumi(processes)}:${stack.environment.PATH}`,
  };
  const countingGit = `${await makeCountingGit(join(root, ".."), gitProcesses)}:${stack.environment.PATH}`;
  const ledger = new LocalLedger(join(root, ".git", "pulumiscale"));
  const forge = new LocalApplyForge(
    { git: new Git({ ...stack.environment, PATH: countingGit }), root },
    ledger,
  );
  const said: string[] = [];
  const world: ApplyWorld = {
    forge,
    ledger: localLedgerTrust,
    clock: Date.now,
    redact: redactor([]),
    say: (_level, sentence) => said.push(sentence),
  };
  const request = async (engine: Partial<ApplyRequest["engine"]> = {}): Promise<ApplyRequest> => {
    const checkout = await readCheckout(stack.workDir, "dev");
    const { dir, stackFilePath } = checkout;
    return {
      place: { owner: "local", repo: "work", baseBranch: "main", alias, dir, stackFilePath },
      checkout,
      trigger: { kind: "other" },
      runUrl: null,
      engine: {
        stack: "dev",
        environment,
        refresh: false,
        policyPacks: [],
        parallel: undefined,
        unexpectedChanges: "refuse",
        pace: { wait: async () => {}, random: () => 0 },
        config: "committed-copy",
        ...engine,
      },
    };
  };
  const commit: LocalStack["commit"] = async (files, message = "a change") => {
    for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
    await git("add", "--", ...Object.keys(files));
    await git("commit", "--quiet", "--message", message, "--", ...Object.keys(files));
    return git("rev-parse", "HEAD");
  };
  const take = async (file: string) => {
    const noted = (await readFile(file, "utf8")).split("\n").filter(Boolean);
    await writeFile(file, "");
    return noted;
  };
  return {
    stack,
    root,
    alias,
    forge,
    ledger,
    said,
    git,
    commit,
    scale: async (pool, key, from, to) => {
      const text = await git("show", "HEAD:infra/Pulumi.dev.yaml");
      const event = (await git("rev-parse", "HEAD")).slice(0, 16);
      return commit(
        { "infra/Pulumi.dev.yaml": `${text.replace(`${key}: ${from}`, `${key}: ${to}`)}\n` },
        `scale(${alias}): ${pool} ${from} → ${to}\n\nPulumiscale-Stack: ${alias}\n` +
          `Pulumiscale-Scale: ${pool} ${from} -> ${to} requested=${to} reason=requested source=count event=${event}\n` +
          "Pulumiscale-Requested-By: test",
      );
    },
    adopt: async () => adoptStack(await request(), world),
    apply: async (engine) => applyStack(await request(engine), world),
    operation: async (oid) => {
      const scales = parseScaleCommit(await git("show", "--no-patch", "--format=%B", oid))?.scales ?? [];
      const { place, checkout, engine } = await request();
      const readUpdates = () => readOperationUpdates({ workDir: checkout.workDir, engine });
      return readOperation({ commit: oid, scales }, { place, readUpdates }, world);
    },
    request,
    world,
    entry: async () => LedgerEntry.parse(JSON.parse(await readFile(ledger.pathOf(alias), "utf8"))),
    stackFile: () => readFile(stack.stackFile, "utf8"),
    pulumiProcesses: () => take(processes),
    gitProcesses: () => take(gitProcesses),
  };
}

/** A `git` before the real one on the path, which notes down what it is called for. Answers its folder. */
async function makeCountingGit(parent: string, log: string): Promise<string> {
  const folder = join(parent, "counting-git");
  const { stdout } = await run("sh", ["-c", "command -v git"]);
  await mkdir(folder);
  const name = 'for name in "$@"; do case "$name" in -*) ;; *) break ;; esac; done';
  await writeFile(
    join(folder, "git"),
    `#!/bin/sh\n${name}\necho "$name" >> "${log}"\nexec "${stdout.trim()}" "$@"\n`,
    { mode: 0o755 },
  );
  return folder;
}
