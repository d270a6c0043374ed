import type { OidcIssuer } from "../oidc/start-oidc-issuer.ts";
import type { Json } from "./json.ts";
import type { Masks } from "./masks.ts";
import type { JobRun, Run, StepRun, Writable } from "./run.ts";
import type { SignalTimes } from "./run-process.ts";
import type { HostRepository, RunnerHost } from "./runner-host.ts";
import type { Workflow } from "./workflow.ts";

/** What the jobs of one run share. */
export interface RunContext {
  readonly record: Run;
  readonly jobs: Writable<JobRun>[];
  readonly workflow: Workflow;
  readonly host: RunnerHost;
  readonly repository: HostRepository;
  /** The webhook payload that started it. */
  readonly event: Json;
  /** The `github` context, without what belongs to a job. */
  readonly github: Readonly<Record<string, Json>>;
  /** `inputs` and `vars`. */
  readonly contexts: Readonly<Record<string, Json>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly actions: Readonly<Record<string, string>>;
  /** Where jobs with `id-token: write` get their tokens; null: nowhere. */
  readonly oidc: Pick<OidcIssuer, "openJob"> | null;
  readonly masks: Masks;
  readonly times: SignalTimes;
  /** Where jobs have their folders. */
  readonly directory: string;
  readonly cancelled: AbortSignal;
  readonly stopped: AbortSignal;
  readonly onProgress: () => void;
  readonly onStep: (run: Run, step: StepRun) => void;
  readonly onLine: (run: Run, line: string) => void;
}
