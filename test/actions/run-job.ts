import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobVariables } from "../oidc/start-oidc-issuer.ts";
import { type Conclusion, type ExpressionScope, evaluateSetting, evaluateText } from "./expression.ts";
import { type Frame, type JobContext, scopeOf } from "./job-context.ts";
import type { Json } from "./json.ts";
import { killOrphans } from "./kill-orphans.ts";
import { decideTokenPermissions, mayAskForIdToken } from "./permissions.ts";
import { planStep } from "./plan-steps.ts";
import type { Annotation, JobRun, StepRun, Writable } from "./run.ts";
import type { RunContext } from "./run-context.ts";
import { createStepRun, runStep } from "./run-step.ts";
import type { Job } from "./workflow.ts";

export interface JobWish {
  readonly id: string;
  readonly job: Job;
  readonly record: Writable<JobRun>;
  readonly steps: StepRun[];
  readonly annotations: Annotation[];
  /** `needs`, `strategy` and `matrix`. */
  readonly contexts: Readonly<Record<string, Json>>;
  /** Ends this job, while the run may go on. */
  readonly cancelled: AbortSignal;
}

/** Runs the steps of one job in a folder of its own, which is gone afterwards. Never throws. */
export async function runJob(run: RunContext, wish: JobWish): Promise<void> {
  const { record, job } = wish;
  const folder = await mkdtemp(join(run.directory, "job-"));
  const trackingId = `github_${randomUUID()}`;
  const timeout = new AbortController();
  const cancelled = AbortSignal.any([wish.cancelled, run.cancelled, timeout.signal]);
  let timer: NodeJS.Timeout | undefined;
  record.status = "running";
  run.onProgress();
  try {
    const context = await createJobContext(run, wish, { folder, trackingId, cancelled });
    const plain = scopeOf(context, emptyFrame, {});
    const minutes = evaluateSetting(job["timeout-minutes"], plain);
    if (typeof minutes === "number") timer = setTimeout(() => timeout.abort(), minutes * 60_000);
    const frame: Frame = {
      ...emptyFrame,
      inputs: run.contexts.inputs ?? {},
      env: evaluateEnv(run, job, plain),
      steps: {},
    };
    await runSteps(context, frame, job);
    const scope = scopeOf(context, frame, {});
    record.outputs = Object.fromEntries(
      Object.entries(job.outputs).map(([name, value]) => [name, evaluateText(value, scope)]),
    );
    conclude(record, cancelled.aborted ? "cancelled" : frame.failed ? "failure" : "success");
  } catch (error) {
    wish.annotations.push({
      level: "error",
      message: error instanceof Error ? error.message : String(error),
    });
    conclude(record, "failure");
  } finally {
    clearTimeout(timer);
    await killOrphans(trackingId);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    run.onProgress();
  }
}

const emptyFrame: Frame = { env: {}, inputs: {}, steps: {}, actionPath: null, failed: false };

function conclude(record: Writable<JobRun>, conclusion: Conclusion): void {
  record.status = "completed";
  record.conclusion = conclusion;
}

/** `env` of the job sees that of the workflow only as environment, not as a context. */
function evaluateEnv(run: RunContext, job: Job, scope: ExpressionScope): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...run.workflow.env, ...job.env }).map(([name, value]) => [
      name,
      evaluateText(value, scope),
    ]),
  );
}

async function runSteps(context: JobContext, frame: Frame, job: Job): Promise<void> {
  const planned = job.steps.map(planStep).map((step) => ({ step, record: createStepRun(step) }));
  context.steps.push(...planned.map(({ record }) => record));
  for (const { step, record } of planned) await runStep(context, frame, step, record);
  for (const step of context.posts.toReversed()) {
    const record = createStepRun(step);
    context.steps.push(record);
    await runStep(context, frame, step, record);
  }
}

interface JobFolder {
  readonly folder: string;
  readonly trackingId: string;
  readonly cancelled: AbortSignal;
}

async function createJobContext(run: RunContext, wish: JobWish, place: JobFolder): Promise<JobContext> {
  const { host, repository, record: runRecord, masks } = run;
  const name = repository.fullName.split("/")[1] ?? "";
  const workspace = join(place.folder, "work", name, name);
  const temp = join(place.folder, "work", "_temp");
  const home = join(place.folder, "home");
  const eventPath = join(temp, "_github_workflow", "event.json");
  await Promise.all(
    [workspace, home, join(temp, "_github_workflow")].map((path) => mkdir(path, { recursive: true })),
  );
  await writeFile(eventPath, JSON.stringify(run.event));

  const permissions = wish.job.permissions ?? run.workflow.permissions;
  const token = host.createWorkflowToken(repository.fullName, decideTokenPermissions(permissions));
  masks.add(token);
  const idToken = mayAskForIdToken(permissions) ? openOidcJob(run) : null;
  if (idToken !== null) masks.add(idToken.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
  const github = { ...run.github, token, job: wish.id, workspace, event_path: eventPath };
  const runner = {
    os: "Linux",
    arch: "X64",
    name: "stand-in",
    temp,
    tool_cache: join(place.folder, "tools"),
    environment: "github-hosted",
    debug: "",
  };
  const fixedEnv = {
    GITHUB_ACTIONS: "true",
    ...formatGithubEnv(github),
    ...idToken,
    RUNNER_OS: runner.os,
    RUNNER_ARCH: runner.arch,
    RUNNER_NAME: runner.name,
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: runner.tool_cache,
    RUNNER_ENVIRONMENT: runner.environment,
    RUNNER_WORKSPACE: join(place.folder, "work", name),
  };
  const secrets = { ...run.secrets, GITHUB_TOKEN: token };
  return {
    record: wish.record,
    steps: wish.steps,
    annotations: wish.annotations,
    contexts: { ...run.contexts, ...wish.contexts, secrets, runner },
    github,
    workspace,
    temp,
    baseEnv: { CI: "true", HOME: home, RUNNER_TRACKING_ID: place.trackingId, ...run.env },
    fixedEnv,
    addedEnv: {},
    addedPaths: [],
    defaults: { ...run.workflow.defaults?.run, ...wish.job.defaults?.run },
    masks,
    token,
    actions: run.actions,
    times: run.times,
    cancelled: place.cancelled,
    stopped: run.stopped,
    posts: [],
    onProgress: (step) => run.onStep(runRecord, step),
    onLine: (line) => run.onLine(runRecord, line),
  };
}

function openOidcJob({ oidc, repository, record, workflow }: RunContext): JobVariables | null {
  const [owner = "", name = ""] = repository.fullName.split("/");
  const { id: runId, number: runNumber, attempt, event, ref, sha, actor } = record;
  return (
    oidc?.openJob({
      ...{ owner, name, event, ref, sha, actor, runId, runNumber, attempt },
      ownerId: repository.ownerId,
      repositoryId: repository.id,
      visibility: repository.visibility,
      workflow: { name: workflow.name, path: workflow.path },
    }) ?? null
  );
}

/** The parts of the `github` context that GitHub gives to processes too: never the token, nor the event itself. */
function formatGithubEnv(github: Readonly<Record<string, Json>>): Record<string, string> {
  const hidden = new Set(["token", "event"]);
  return Object.fromEntries(
    Object.entries(github)
      .filter(([name]) => !hidden.has(name))
      .map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, String(value)]),
  );
}
