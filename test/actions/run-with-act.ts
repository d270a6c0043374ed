import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { isMap, parseDocument } from "yaml";
import { z } from "zod";
import type { Json } from "./json.ts";
import { killOrphans } from "./kill-orphans.ts";
import { createMasks, type Masks } from "./masks.ts";
import { githubSignalTimes, runProcess } from "./run-process.ts";

export interface ActWish {
  /** The program `act`. */
  readonly act: string;
  /** A git work tree of the commit to run at; `actions/checkout` copies it. */
  readonly workspace: string;
  /** From the workspace: `.github/workflows/deploy.yml`. */
  readonly workflow: string;
  readonly event: { readonly name: "push" | "workflow_dispatch" | "schedule"; readonly payload: Json };
  /** Where GitHub is. */
  readonly server: { readonly url: string; readonly apiUrl: string; readonly graphqlUrl: string };
  /** `owner/name` */
  readonly repository: { readonly fullName: string; readonly id: number };
  readonly actor: string;
  /** For every step. PATH is that of the caller unless given. */
  readonly env?: Readonly<Record<string, string>>;
  /** GITHUB_TOKEN is among them: without it act would ask the `gh` program. */
  readonly secrets: Readonly<Record<string, string>> & { readonly GITHUB_TOKEN: string };
  /** Local folders by `uses`: `{ "acme/greet@v0": "/…" }`. */
  readonly localActions: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ActRun {
  readonly exitCode: number;
  /** The steps that ran, in their order; act leaves out those that were skipped. */
  readonly steps: readonly ActStep[];
  /** What the steps wrote, and act's own errors. */
  readonly log: string;
}

export interface ActStep {
  readonly job: string;
  readonly id: string;
  readonly name: string;
  readonly stage: "Pre" | "Main" | "Post";
  /** `success` or `failure` */
  readonly result: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Runs one workflow under the real `act`, on this machine instead of in a container, and without network: actions come
 * from local folders, and everything else from the address of GitHub that it is given.
 */
export async function runWithAct(wish: ActWish): Promise<ActRun> {
  const folder = await mkdtemp(join(tmpdir(), "act-"));
  const write = async (name: string, content: Json): Promise<string> => {
    // JSON is YAML, which act's files of variables may be.
    await writeFile(join(folder, name), JSON.stringify(content), { mode: 0o600 });
    return join(folder, name);
  };
  const lines: string[] = [];
  const masks = createMasks();
  for (const secret of Object.values(wish.secrets)) masks.add(secret);
  // Act starts steps in sessions of their own, which no signal to its process group reaches.
  const trackingId = `act_${randomUUID()}`;
  try {
    const args = [
      wish.event.name,
      ["--workflows", await writeWorkflow(wish, folder)],
      ["--eventpath", await write("event.json", wish.event.payload)],
      [
        "--env-file",
        await write("env.yaml", {
          ...formatGithubEnv(wish),
          ...plainTerminal,
          RUNNER_TRACKING_ID: trackingId,
          ...wish.env,
        }),
      ],
      ["--secret-file", await write("secrets.yaml", wish.secrets)],
      ["--var-file", await write("vars.yaml", {})],
      ["--input-file", await write("inputs.yaml", {})],
      Object.entries(wish.localActions).flatMap(([uses, path]) => [
        "--local-repository",
        `${uses}=${resolve(path)}`,
      ]),
      ["--platform", "ubuntu-latest=-self-hosted", "--actor", wish.actor],
      ["--no-cache-server", "--action-offline-mode", "--action-cache-path", join(folder, "cache")],
      ["--container-daemon-socket", "-", "--pull=false", "--json"],
    ].flat();
    const exitCode = await runProcess({
      file: wish.act,
      args,
      cwd: wish.workspace,
      env: {
        // Whatever act itself sees, its steps see too.
        PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
        HOME: folder,
        XDG_CACHE_HOME: join(folder, "cache"),
        XDG_CONFIG_HOME: join(folder, "config"),
      },
      onLine: (line) => lines.push(line),
      signal: wish.signal ?? new AbortController().signal,
      times: githubSignalTimes,
    });
    return readLog(exitCode, lines, masks);
  } finally {
    await killOrphans(trackingId);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Act gives its steps a terminal, unlike GitHub. */
const plainTerminal = { TERM: "dumb", NO_COLOR: "1", PAGER: "cat", GIT_PAGER: "cat" };

/** Act runs one workflow at a time and knows no `queue`: `concurrency` is left out of what it gets. */
async function writeWorkflow({ workspace, workflow }: ActWish, folder: string): Promise<string> {
  const document = parseDocument(await readFile(join(workspace, workflow), "utf8"));
  document.delete("concurrency");
  const jobs = document.get("jobs");
  if (isMap(jobs)) for (const { value: job } of jobs.items) if (isMap(job)) job.delete("concurrency");
  const path = join(folder, basename(workflow));
  await writeFile(path, document.toString());
  return path;
}

/** Act has addresses of its own for GitHub, which these replace. */
function formatGithubEnv({ server, repository }: ActWish): Record<string, string> {
  return {
    GITHUB_SERVER_URL: server.url,
    GITHUB_API_URL: server.apiUrl,
    GITHUB_GRAPHQL_URL: server.graphqlUrl,
    GITHUB_REPOSITORY: repository.fullName,
    GITHUB_REPOSITORY_ID: String(repository.id),
  };
}

const LogLine = z.looseObject({
  msg: z.string().default(""),
  level: z.string().optional(),
  raw_output: z.boolean().default(false),
  jobID: z.string().default(""),
  step: z.string().default(""),
  stepID: z.array(z.string()).default([]),
  stage: z.enum(["Pre", "Main", "Post"]).optional(),
  stepResult: z.string().optional(),
  command: z.string().optional(),
  name: z.string().default(""),
  arg: z.string().default(""),
});

function readLog(exitCode: number, lines: readonly string[], masks: Masks): ActRun {
  const steps: (ActStep & { readonly outputs: Record<string, string> })[] = [];
  const written: string[] = [];
  for (const line of lines) {
    if (!line.startsWith("{")) {
      written.push(line);
      continue;
    }
    const entry = LogLine.parse(JSON.parse(line));
    const { jobID: job, stage, stepResult: result } = entry;
    if (entry.raw_output || entry.level === "error") written.push(entry.msg.trimEnd());
    const id = entry.stepID.join(".");
    if (stage === undefined) continue;
    // Act masks what steps write, but not their names.
    if (result !== undefined)
      steps.push({ job, id, name: masks.hide(entry.step), stage, result, outputs: {} });
    const step = steps.findLast((known) => known.job === job && known.id === id && known.stage === stage);
    if (step !== undefined && entry.command === "set-output") step.outputs[entry.name] = entry.arg;
  }
  return { exitCode, steps, log: masks.hide(written.join("\n")) };
}
