import type { ConcurrencyGroups } from "./concurrency-groups.ts";
import type { Json } from "./json.ts";
import { createMasks } from "./masks.ts";
import type { JobRun, Run, Writable } from "./run.ts";
import type { RunContext } from "./run-context.ts";
import { inGroup, runWorkflow, scopeOfRun } from "./run-workflow.ts";
import type { HostRepository } from "./runner-host.ts";
import type { ParsedWorkflow } from "./workflow.ts";

/** Why a workflow starts, and with what. */
export interface RunRequest {
  readonly parsed: ParsedWorkflow;
  readonly repository: HostRepository;
  readonly id: number;
  readonly attempt: number;
  readonly number: number;
  readonly event: Run["event"];
  /** The webhook payload. */
  readonly payload: Json;
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  readonly inputs: Readonly<Record<string, Json>>;
}

/** A run that has been started. */
export interface StartedRun {
  readonly run: Run;
  readonly request: RunRequest;
  readonly cancellation: AbortController;
  /** Resolves when it has completed. */
  readonly completed: Promise<void>;
}

type Surroundings = Pick<
  RunContext,
  "host" | "oidc" | "env" | "actions" | "times" | "directory" | "stopped" | "onStep" | "onLine"
> & {
  readonly groups: ConcurrencyGroups;
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  readonly onRun: (run: Run) => void;
};

/** Starts a run; it waits its turn in its concurrency group by itself. */
export function startRun(request: RunRequest, around: Surroundings): StartedRun {
  const jobs: Writable<JobRun>[] = [];
  const run = createRecord(request, jobs);
  const cancellation = new AbortController();
  const tell = (): void => around.onRun(run);
  const end = (conclusion: Run["conclusion"]): void => {
    Object.assign(run, { status: "completed", conclusion });
    tell();
  };
  const { parsed } = request;
  if (parsed.kind === "invalid") {
    for (const problem of parsed.problems) around.onLine(run, `##[error]Invalid workflow file: ${problem}`);
    jobs.push({ ...failedJob, annotations: parsed.problems.map((message) => ({ level: "error", message })) });
    end("startup_failure");
    return { run, request, cancellation, completed: Promise.resolve() };
  }
  const masks = createMasks();
  for (const secret of Object.values(around.secrets)) masks.add(secret);
  const context: RunContext = {
    record: run,
    jobs,
    workflow: parsed.workflow,
    host: around.host,
    repository: request.repository,
    event: request.payload,
    github: formatGithubContext(request, around),
    contexts: { inputs: request.inputs, vars: around.vars },
    secrets: around.secrets,
    env: around.env,
    actions: around.actions,
    oidc: around.oidc,
    masks,
    times: around.times,
    directory: around.directory,
    cancelled: cancellation.signal,
    stopped: around.stopped,
    onProgress: tell,
    onStep: around.onStep,
    onLine: around.onLine,
  };
  tell();
  const completed = inGroup(context, around.groups, parsed.workflow.concurrency, scopeOfRun(context), {
    start: async (displaced) => {
      displaced.addEventListener("abort", () => cancellation.abort(), { once: true });
      run.status = "running";
      tell();
      end(await runWorkflow(context, around.groups));
    },
    drop: () => end("cancelled"),
  }).catch((error: unknown) => {
    around.onLine(run, `##[error]${error instanceof Error ? error.message : String(error)}`);
    end("startup_failure");
  });
  return { run, request, cancellation, completed };
}

const failedJob: JobRun = {
  id: "",
  name: "",
  matrix: {},
  status: "completed",
  conclusion: "failure",
  steps: [],
  outputs: {},
  annotations: [],
  summary: "",
};

function createRecord(request: RunRequest, jobs: readonly JobRun[]): Writable<Run> {
  const { parsed, repository } = request;
  const path = parsed.kind === "workflow" ? parsed.workflow.path : parsed.path;
  return {
    id: request.id,
    attempt: request.attempt,
    number: request.number,
    repository: repository.fullName,
    workflow: { name: parsed.kind === "workflow" ? parsed.workflow.name : path, path },
    event: request.event,
    ref: request.ref,
    sha: request.sha,
    actor: request.actor,
    jobs,
    get steps() {
      return jobs.flatMap((job) => job.steps);
    },
    status: "queued",
    conclusion: null,
    get log() {
      return jobs
        .flatMap((job) => [
          ...job.annotations
            .filter(() => job.steps.length === 0)
            .map(({ level, message }) => `##[${level}]${message}\n`),
          ...job.steps.map((step) => step.log),
        ])
        .join("");
    },
  };
}

function formatGithubContext(request: RunRequest, { host }: Surroundings): Record<string, Json> {
  const { repository, ref, sha, parsed } = request;
  const [owner = ""] = repository.fullName.split("/");
  const [, kind, refName = ref] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const workflow = parsed.kind === "workflow" ? parsed.workflow : { name: parsed.path, path: parsed.path };
  return {
    workflow: workflow.name,
    workflow_ref: `${repository.fullName}/${workflow.path}@${ref}`,
    workflow_sha: sha,
    event_name: request.event,
    event: request.payload,
    ref,
    ref_name: refName,
    ref_type: kind === "tags" ? "tag" : "branch",
    ref_protected: false,
    head_ref: "",
    base_ref: "",
    sha,
    repository: repository.fullName,
    repository_id: String(repository.id),
    repository_owner: owner,
    repository_owner_id: String(repository.ownerId),
    actor: request.actor,
    triggering_actor: request.actor,
    run_id: String(request.id),
    run_number: String(request.number),
    run_attempt: String(request.attempt),
    retention_days: "90",
    server_url: host.url,
    api_url: host.apiUrl,
    graphql_url: host.graphqlUrl,
  };
}
