import type { ExpressionScope } from "./expression.ts";
import type { Json } from "./json.ts";
import type { Masks } from "./masks.ts";
import type { Annotation, JobRun, StepRun, Writable } from "./run.ts";
import type { SignalTimes } from "./run-process.ts";
import type { Workflow } from "./workflow.ts";

/** What the steps of one job share. */
export interface JobContext {
  readonly record: Writable<JobRun>;
  readonly steps: StepRun[];
  readonly annotations: Annotation[];
  /** `github`, `needs`, `inputs`, `secrets`, `vars`, `matrix`, `strategy`, `runner`. */
  readonly contexts: Readonly<Record<string, Json>>;
  readonly github: Readonly<Record<string, Json>>;
  readonly workspace: string;
  readonly temp: string;
  /** The environment of every process, before the workflow's own. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** GITHUB_* and RUNNER_*, which a workflow cannot override. */
  readonly fixedEnv: Readonly<Record<string, string>>;
  /** What steps wrote to GITHUB_ENV. */
  readonly addedEnv: Record<string, string>;
  /** What steps wrote to GITHUB_PATH, newest first. */
  readonly addedPaths: string[];
  readonly defaults: NonNullable<Workflow["defaults"]>["run"];
  readonly masks: Masks;
  readonly token: string;
  /** Local folders by `owner/repo`. */
  readonly actions: Readonly<Record<string, string>>;
  readonly times: SignalTimes;
  /** The run or the job is to end; steps with `always()` still run. */
  readonly cancelled: AbortSignal;
  /** Nothing starts any more. */
  readonly stopped: AbortSignal;
  /** To run after the steps, the last one first. */
  readonly posts: PlannedStep[];
  readonly onProgress: (step: StepRun) => void;
  readonly onLine: (line: string) => void;
}

/** A list of steps with a state of its own: a job's, or a composite action's. */
export interface Frame {
  /** The workflow's and the job's `env`, or what a composite action was started with. */
  readonly env: Readonly<Record<string, string>>;
  /** The `inputs` context. */
  readonly inputs: Json;
  /** The `steps` context. */
  readonly steps: Record<string, Json>;
  /** The folder of the composite action. */
  readonly actionPath: string | null;
  failed: boolean;
}

/** One step, ready to run. */
export interface PlannedStep {
  readonly id: string | null;
  /** May hold expressions. */
  readonly name: string;
  readonly condition: string | undefined;
  readonly continueOnError: string | number | boolean | undefined;
  readonly timeoutMinutes: string | number | boolean | undefined;
  /** May hold expressions. */
  readonly env: Readonly<Record<string, string>>;
  /** The answer is whether it succeeded. */
  readonly execute: (session: StepSession) => Promise<boolean>;
}

/** A step while it runs. */
export interface StepSession {
  readonly job: JobContext;
  readonly frame: Frame;
  readonly scope: ExpressionScope;
  /** What its processes see, with everything but GITHUB_ACTION_PATH and inputs. */
  readonly env: Readonly<Record<string, string>>;
  /** The step's own `env`. */
  readonly ownEnv: Readonly<Record<string, string>>;
  readonly outputs: Record<string, string>;
  /** What its action saved in GITHUB_STATE. */
  readonly state: Record<string, string>;
  readonly signal: AbortSignal;
  /** Writes a line to its log, masked. */
  readonly write: (line: string) => void;
  /** Runs a process of the step; the answer is its exit code. */
  readonly run: (command: {
    readonly file: string;
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
  }) => Promise<number>;
}

/** What expressions of a step see; `env` is the step's own on top. */
export function scopeOf(
  job: JobContext,
  frame: Frame,
  env: Readonly<Record<string, string>>,
): ExpressionScope {
  const status = job.cancelled.aborted ? "cancelled" : frame.failed ? "failure" : "success";
  return {
    contexts: {
      ...job.contexts,
      github: { ...job.github, action_path: frame.actionPath ?? "", action_status: status },
      inputs: frame.inputs,
      steps: frame.steps,
      job: { status },
      env: { ...frame.env, ...job.addedEnv, ...env },
    },
    status,
  };
}
