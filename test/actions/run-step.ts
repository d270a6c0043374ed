import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createCommandReader } from "./command-reader.ts";
import { type Conclusion, evaluateCondition, evaluateSetting, evaluateText } from "./expression.ts";
import { type Frame, type JobContext, type PlannedStep, type StepSession, scopeOf } from "./job-context.ts";
import type { StepRun, Writable } from "./run.ts";
import { runProcess } from "./run-process.ts";
import { parseKeyValueFile } from "./workflow-command.ts";

/** Runs one step, records what came of it, and tells the frame. Never throws. */
export async function runStep(
  job: JobContext,
  frame: Frame,
  step: PlannedStep,
  record: Writable<StepRun>,
): Promise<void> {
  const write = (line: string): void => {
    const hidden = job.masks.hide(line);
    record.log += `${hidden}\n`;
    job.onLine(hidden);
  };
  const end = (outcome: Conclusion, conclusion: Conclusion): void => {
    Object.assign(record, { status: "completed", outcome, conclusion });
    if (step.id !== null) frame.steps[step.id] = { outputs: record.outputs, outcome, conclusion };
    if (conclusion === "failure") frame.failed = true;
    job.onProgress(record);
  };
  const fail = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    job.annotations.push({ level: "error", message: job.masks.hide(message) });
    write(`##[error]${message}`);
  };

  try {
    const scope = scopeOf(job, frame, {});
    if (job.stopped.aborted || !evaluateCondition(step.condition, scope)) return end("skipped", "skipped");
  } catch (error) {
    fail(error);
    return end("failure", "failure");
  }

  record.status = "running";
  job.onProgress(record);
  const timeout = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // A step that starts after the cancellation (always()) is not ended by it.
  const cancelled = job.cancelled.aborted ? [] : [job.cancelled];
  const signal = AbortSignal.any([timeout.signal, job.stopped, ...cancelled]);
  let succeeded = false;
  let forgives = false;
  try {
    const outer = scopeOf(job, frame, {});
    const env = Object.fromEntries(
      Object.entries(step.env).map(([name, value]) => [name, evaluateText(value, outer)]),
    );
    const scope = scopeOf(job, frame, env);
    record.name = evaluateText(step.name, scope);
    forgives = evaluateSetting(step.continueOnError, scope) === true;
    const minutes = evaluateSetting(step.timeoutMinutes, scope);
    if (typeof minutes === "number") timer = setTimeout(() => timeout.abort(), minutes * 60_000);
    const files = await createCommandFiles(job);
    const session = createSession(job, frame, { record, scope, env, files, signal, write });
    succeeded = await step.execute(session);
    await applyCommandFiles(job, session, files);
  } catch (error) {
    succeeded = false;
    if (!signal.aborted) fail(error);
  } finally {
    clearTimeout(timer);
  }
  if (timeout.signal.aborted) fail(new Error(`The action '${record.name}' has timed out.`));
  const outcome: Conclusion = timeout.signal.aborted
    ? "failure"
    : signal.aborted
      ? "cancelled"
      : succeeded
        ? "success"
        : "failure";
  end(outcome, outcome === "failure" && forgives ? "success" : outcome);
}

/** How a step begins. */
export function createStepRun(step: PlannedStep): Writable<StepRun> {
  return {
    id: step.id,
    name: step.name,
    status: "queued",
    outcome: null,
    conclusion: null,
    outputs: {},
    log: "",
  };
}

type CommandFiles = Record<
  "GITHUB_OUTPUT" | "GITHUB_ENV" | "GITHUB_PATH" | "GITHUB_STATE" | "GITHUB_STEP_SUMMARY",
  string
>;

async function createCommandFiles(job: JobContext): Promise<CommandFiles> {
  const folder = join(job.temp, "_runner_file_commands");
  await mkdir(folder, { recursive: true });
  const id = randomUUID();
  const file = (kind: string): string => join(folder, `${kind}_${id}`);
  const files: CommandFiles = {
    GITHUB_OUTPUT: file("set_output"),
    GITHUB_ENV: file("set_env"),
    GITHUB_PATH: file("add_path"),
    GITHUB_STATE: file("save_state"),
    GITHUB_STEP_SUMMARY: file("step_summary"),
  };
  for (const path of Object.values(files)) await writeFile(path, "");
  return files;
}

async function applyCommandFiles(job: JobContext, session: StepSession, files: CommandFiles): Promise<void> {
  const read = (path: string): Promise<string> => readFile(path, "utf8");
  Object.assign(session.outputs, parseKeyValueFile(await read(files.GITHUB_OUTPUT)));
  Object.assign(session.state, parseKeyValueFile(await read(files.GITHUB_STATE)));
  Object.assign(job.addedEnv, parseKeyValueFile(await read(files.GITHUB_ENV)));
  const paths = (await read(files.GITHUB_PATH)).split(/\r?\n/).filter((line) => line !== "");
  job.addedPaths.unshift(...paths.reverse());
  job.record.summary += job.masks.hide(await read(files.GITHUB_STEP_SUMMARY));
}

interface SessionParts extends Pick<StepSession, "scope" | "signal" | "write"> {
  readonly record: Writable<StepRun>;
  readonly env: Readonly<Record<string, string>>;
  readonly files: CommandFiles;
}

function createSession(job: JobContext, frame: Frame, parts: SessionParts): StepSession {
  const { record, scope, signal, write } = parts;
  const outputs: Record<string, string> = {};
  record.outputs = outputs;
  const merged = { ...job.baseEnv, ...frame.env, ...job.addedEnv, ...parts.env };
  const env = {
    ...merged,
    PATH: [...job.addedPaths, merged.PATH ?? ""].join(delimiter),
    ...job.fixedEnv,
    GITHUB_ACTION: record.id ?? "__run",
    ...parts.files,
  };
  const onLine = createCommandReader(job, write);
  return {
    job,
    frame,
    scope,
    env,
    ownEnv: parts.env,
    outputs,
    state: {},
    signal,
    write,
    run: (command) =>
      runProcess({ ...command, env: { ...env, ...command.env }, onLine, signal, times: job.times }),
  };
}
