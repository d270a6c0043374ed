import type { Conclusion } from "./expression.ts";
import type { Json } from "./json.ts";

export type Status = "queued" | "running" | "completed";

/** One run of a workflow, as it goes. */
export interface Run {
  readonly id: number;
  /** From 1; a re-run has the same id and the next attempt. */
  readonly attempt: number;
  /** How many runs of this workflow there were before, and this one. */
  readonly number: number;
  /** `<owner>/<name>` */
  readonly repository: string;
  readonly workflow: { readonly name: string; readonly path: string };
  readonly event: "push" | "schedule" | "workflow_dispatch" | "repository_dispatch";
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  readonly jobs: readonly JobRun[];
  /** The steps of all jobs, in the order in which the jobs were set up. */
  readonly steps: readonly StepRun[];
  readonly status: Status;
  /** Null until it has completed; `startup_failure` for a file that GitHub would not accept. */
  readonly conclusion: Conclusion | "startup_failure" | null;
  /** Everything that was written, secrets masked. */
  readonly log: string;
}

export interface JobRun {
  /** The key under `jobs`. */
  readonly id: string;
  readonly name: string;
  readonly matrix: Json;
  readonly status: Status;
  readonly conclusion: Conclusion | null;
  readonly steps: readonly StepRun[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  /** Markdown, the steps' summaries one after the other. */
  readonly summary: string;
}

export interface StepRun {
  readonly id: string | null;
  readonly name: string;
  readonly status: Status;
  /** What came of it. */
  readonly outcome: Conclusion | null;
  /** What counts: success where `continue-on-error` forgives a failure. */
  readonly conclusion: Conclusion | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
}

export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
}

export type Writable<T> = { -readonly [K in keyof T]: T[K] };
