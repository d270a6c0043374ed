import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Octokit } from "@octokit/rest";
import type { ApplyForge } from "../../../src/apply/apply-forge.ts";
import {
  type ApplyRequest,
  type ApplyResult,
  type ApplyWorld,
  applyStack,
} from "../../../src/apply/apply-stack.ts";
import { readCheckout } from "../../../src/apply/checkout.ts";
import { publishStack } from "../../../src/apply/publish-stack.ts";
import type { Trigger } from "../../../src/apply/read-decision.ts";
import { redactor } from "../../../src/apply/redact.ts";
import { GitHubApplyForge } from "../../../src/forge/github-apply.ts";
import { GitHubServer } from "../../../src/forge/github-server.ts";
import { type LedgerEntry, LedgerEntry as LedgerEntrySchema } from "../../../src/ledger/entry.ts";
import { IssuerKeys } from "../../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../../src/ledger/ledger-judge.ts";
import { idTokenRequest } from "../../../src/ledger/request-id-token.ts";
import { createGitHubHost } from "../../actions/github-host.ts";
import type { GitHubOptions, GitHubStandIn } from "../../github/github-stand-in.ts";
import { startGitHub } from "../../github/start-github.ts";
import { deployRun } from "../../oidc/format-claims.ts";
import { type JobVariables, type OidcIssuer, startOidcIssuer } from "../../oidc/start-oidc-issuer.ts";
import { makePulumiStack, type PulumiStack } from "./pulumi-stack.ts";

const run = promisify(execFile);
export const REPO = "acme/infra";

/** A webhook secret as people are told to make one. */
export const SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/** A repository on the stand-in with a real stack behind it, and a deploy job's work tree. */
export type DeployRepository = {
  github: GitHubStandIn;
  issuer: OidcIssuer;
  /** By which a job of the deploy workflow on main asks for its OIDC token, and where the issuer is. */
  jobVariables: JobVariables & { PULUMISCALE_OIDC_ISSUER: string };
  stack: PulumiStack;
  /** The job's environment, in which every Pulumi process is noted down. */
  environment: Record<string, string | undefined>;
  octokit: Octokit;
  forge: ApplyForge;
  said: string[];
  /** A push of new values and files by a person. Answers its oid. */
  push: (files: Readonly<Record<string, string | null>>, message?: string) => Promise<string>;
  /** A scale commit of one pool. */
  scale: (pool: string, key: string, from: number, to: number) => Promise<string>;
  /** What actions/checkout does. */
  checkout: (oid: string) => Promise<void>;
  fullUp: () => Promise<void>;
  publish: (changes?: ApplyChanges) => Promise<LedgerEntry>;
  apply: (trigger: Trigger, changes?: ApplyChanges) => Promise<ApplyResult>;
  request: (alias?: string, name?: string) => Promise<Pick<ApplyRequest, "checkout" | "place" | "runUrl">>;
  entry: () => Promise<LedgerEntry>;
  /** The Pulumi processes since the last call, as `stack output` or `up`. */
  pulumiProcesses: () => Promise<string[]>;
  stop: () => Promise<void>;
};

export type ApplyChanges = Partial<Pick<ApplyWorld, "forge" | "ledger">> & {
  engine?: Partial<ApplyRequest["engine"]>;
  /** What the workflow calls the stack; `<project>.dev` unless given. */
  alias?: string;
  /** What Pulumi calls it; `dev` unless given. */
  stack?: string;
  /** Where its program stands by now; `deploy` unless given. */
  folder?: string;
};

export const OTHER: Trigger = { kind: "other" };

/** Sets all of it up, `fixtures/programs/<program>` in the folder `deploy`, with its stack `dev` up and published. */
export async function makeDeployRepository(
  program: string,
  values: Readonly<Record<string, string | number>>,
  options: GitHubOptions = {},
): Promise<DeployRepository> {
  const github = await startGitHub(options);
  github.createUser("acme");
  const stack = await makePulumiStack(program, {}, "deploy");
  const root = join(stack.workDir, "..");
  const git = async (...args: string[]) => {
    const settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"];
    const { stdout } = await run("git", [...settings, ...args], { cwd: root, env: stack.environment });
    return stdout.trim();
  };
  const files: Record<string, string> = { "README.md": "# infra\n" };
  for (const name of stack.programFiles)
    files[`deploy/${name}`] = await readFile(join(stack.workDir, name), "utf8");
  await writeFile(stack.stackFile, "");
  await stack.pulumi("config", "set", "--secret", "pulumiscale:webhook-secret", SECRET, "--stack", "dev");
  const lines = Object.entries(values).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  const secured = (await readFile(stack.stackFile, "utf8")).replace(/\n?$/, "\n");
  files["deploy/Pulumi.dev.yaml"] = `# the stack's own\n${secured}${lines.join("")}`;
  await github.createRepository({ owner: "acme", name: "infra", files });
  const token = github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { contents: "write", checks: "write", metadata: "read" },
  });
  const octokit = new Octokit({ baseUrl: github.apiUrl, auth: token });
  const forge = new GitHubApplyForge({
    request: octokit.request,
    graphql: octokit.graphql,
    server: new GitHubServer(),
  });
  const said: string[] = [];
  const issuer = await startOidcIssuer();
  const job = issuer.openJob(deployRun(await createGitHubHost(github).findRepository(REPO)));
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = job;
  // Each run is a process of its own, which has seen nothing yet.
  const trust = (): ApplyWorld["ledger"] => ({
    judge: new LedgerJudge(new IssuerKeys(issuer.url, Date.now), Date.now),
    requestToken: idTokenRequest(url, bearer),
  });
  const world: Omit<ApplyWorld, "ledger"> = {
    forge,
    clock: Date.now,
    redact: redactor([token]),
    say: (_level, sentence) => said.push(sentence),
  };
  await git("init", "--quiet", "--initial-branch=main");
  await git(
    "remote",
    "add",
    "origin",
    `${github.url.replace("://", `://x-access-token:${token}@`)}/${REPO}.git`,
  );

  const processes = join(root, "..", "processes");
  await writeFile(processes, "");
  const environment = {
    ...stack.environment,
    PATH: `${await makeCountingPulumi(processes)}:${stack.environment.PATH}`,
  };
  const engine = (changes: ApplyChanges): ApplyRequest["engine"] => ({
    stack: changes.stack ?? "dev",
    environment,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    unexpectedChanges: "refuse",
    pace: { wait: async () => {}, random: () => 0 },
    ...changes.engine,
  });
  const request = async (alias = `${stack.project}.dev`, name = "dev", folder = "deploy") => {
    const checkout = await readCheckout(join(root, folder), name);
    const { dir, stackFilePath } = checkout;
    const place = {
      owner: "acme",
      repo: "infra",
      baseBranch: "main",
      alias,
      dir,
      stackFilePath,
    };
    return { checkout, place, runUrl: "https://github.example/acme/infra/actions/runs/1" };
  };
  const checkout = async (oid: string) => {
    await git("fetch", "--quiet", "--depth=1", "origin", oid);
    await git("checkout", "--quiet", "--force", oid);
    await git("clean", "--quiet", "-fd", "--exclude=node_modules");
  };
  const push: DeployRepository["push"] = (changed, message = "a change") =>
    github.commit(REPO, { files: changed, message });
  const repository: DeployRepository = {
    github,
    issuer,
    jobVariables: { ...job, PULUMISCALE_OIDC_ISSUER: issuer.url },
    stack,
    environment,
    octokit,
    forge,
    said,
    push,
    scale: async (pool, key, from, to) => {
      const path = "deploy/Pulumi.dev.yaml";
      const text = (await github.readFile(REPO, path)) ?? "";
      const event = (await github.readRef(REPO, "main"))?.slice(0, 16);
      return push(
        { [path]: text.replace(`${key}: ${from}\n`, `${key}: ${to}\n`) },
        `scale(${stack.project}.dev): ${pool} ${from} → ${to}\n\nPulumiscale-Stack: ${stack.project}.dev\n` +
          `Pulumiscale-Scale: ${pool} ${from} -> ${to} requested=${to} reason=requested source=count event=${event}\n` +
          "Pulumiscale-Requested-By: test",
      );
    },
    checkout,
    fullUp: async () => {
      await stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    },
    publish: async (changes = {}) =>
      publishStack(
        { ...(await request(changes.alias, changes.stack, changes.folder)), engine: engine(changes) },
        { ...world, ledger: changes.ledger ?? trust(), forge: changes.forge ?? forge, hide: () => {} },
      ),
    apply: async (trigger, changes = {}) =>
      applyStack(
        {
          ...(await request(changes.alias, changes.stack, changes.folder)),
          trigger,
          engine: engine(changes),
        },
        { ...world, ledger: changes.ledger ?? trust(), forge: changes.forge ?? forge },
      ),
    request,
    entry: async () => {
      const text = await github.readFile(REPO, `stacks/${stack.project}.dev.json`, "pulumiscale");
      return LedgerEntrySchema.parse(JSON.parse(text ?? "null"));
    },
    pulumiProcesses: async () => {
      const lines = (await readFile(processes, "utf8")).split("\n").filter(Boolean);
      await writeFile(processes, "");
      return lines;
    },
    stop: async () => {
      await github.stop();
      await issuer.stop();
      await stack.remove();
    },
  };
  await checkout((await github.readRef(REPO, "main")) ?? "");
  await repository.fullUp();
  await repository.publish();
  return repository;
}

/** A `pulumi` before the real one on the path, which notes down what it is called for. Answers its folder. */
export async function makeCountingPulumi(log: string): Promise<string> {
  const folder = join(dirname(log), "counting");
  const { stdout } = await run("sh", ["-c", "command -v pulumi"]);
  await mkdir(folder);
  const command = '[ "$1" = up ] || [ "$1" = preview ] && name=$1 || name="$1 $2"';
  await writeFile(
    join(folder, "pulumi"),
    `#!/bin/sh\n${command}\necho "$name" >> "${log}"\nexec "${stdout.trim()}" "$@"\n`,
    { mode: 0o755 },
  );
  return folder;
}

/** The work tree's stack file. */
export function readWorkTreeFile(repository: DeployRepository): Promise<string> {
  return readFile(repository.stack.stackFile, "utf8");
}
