import { EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { OidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { type ConcurrencyGroups, createConcurrencyGroups } from "./concurrency-groups.ts";
import { matchesPush, skipsWorkflows } from "./event-filter.ts";
import { type Json, toJson } from "./json.ts";
import { readChangedFiles, readHead, readMessage, readWorkflows } from "./read-workflows.ts";
import type { Run, StepRun } from "./run.ts";
import { githubSignalTimes, type SignalTimes } from "./run-process.ts";
import type { HostDispatch, HostPush, RunnerHost } from "./runner-host.ts";
import { type RunRequest, type StartedRun, startRun } from "./start-run.ts";
import type { ParsedWorkflow } from "./workflow.ts";

export interface ActionsRunnerOptions {
  readonly github: RunnerHost;
  /** Where actions are found instead of on GitHub: a folder with an action.yml by `owner/repo`, for any ref. */
  readonly actions: Readonly<Record<string, string>>;
  /** Gives OIDC tokens to jobs with `id-token: write`; without it no job gets any. */
  readonly oidc?: Pick<OidcIssuer, "openJob">;
  /** For every process, on top of PATH (with the Node that runs this in front) and a HOME of its own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** How long the signals of a cancellation have; GitHub's own times unless given. */
  readonly times?: Partial<SignalTimes>;
  readonly log?: (line: string) => void;
}

interface RunnerEvents {
  /** A run or one of its jobs has moved on. */
  run: [Run];
  /** A step has begun or ended. */
  step: [Run, StepRun];
  /** A line of a log, masked. */
  line: [Run, string];
}

/** Runs workflows on this machine, as GitHub Actions would. Repositories are named `owner/name`. */
export interface ActionsRunner extends AsyncDisposable {
  /** Every run since the start, oldest first. */
  readonly runs: readonly Run[];
  /** `workflow_dispatch` on the default branch. @param workflow its file name (`deploy.yml`) or its name */
  dispatch(repository: string, workflow: string, inputs?: Readonly<Record<string, Json>>): Promise<Run>;
  /** Starts every workflow of the default branch that has a `schedule`, whatever the hour. */
  tick(repository: string): Promise<Run[]>;
  /** The same commit and event once more. */
  rerun(run: Run): Run;
  /** Cancels as the button on GitHub does; resolves when the run has completed. */
  cancel(run: Run): Promise<void>;
  /** Resolves when every push so far has been looked at and no run is queued or running; rejects for a push that could not be. */
  waitForIdle(): Promise<void>;
  readonly on: EventEmitter<RunnerEvents>["on"];
  readonly off: EventEmitter<RunnerEvents>["off"];
  /** Ends every run, with all its processes, and listens no more. */
  stop(): Promise<void>;
}

/** Starts listening for pushes. */
export async function startActionsRunner(options: ActionsRunnerOptions): Promise<ActionsRunner> {
  const { github, log = () => {} } = options;
  const directory = await mkdtemp(join(tmpdir(), "actions-"));
  const events = new EventEmitter<RunnerEvents>();
  const started: StartedRun[] = [];
  const runs: Run[] = [];
  const groups = new Map<string, ConcurrencyGroups>();
  const stopped = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  // Pushes are looked at one after the other, so that runs start in their order.
  const problems: Error[] = [];
  let intake: Promise<unknown> = Promise.resolve();
  let lastId = 1000;

  const track = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    const forget = (): void => void underWay.delete(work);
    work.then(forget, forget);
    return work;
  };

  const start = (request: RunRequest): Run => {
    const { fullName } = request.repository;
    const ofRepository = groups.get(fullName) ?? createConcurrencyGroups();
    groups.set(fullName, ofRepository);
    const run = startRun(request, {
      host: github,
      actions: options.actions,
      oidc: options.oidc ?? null,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH ?? "/usr/bin:/bin"].join(delimiter),
        ...options.env,
      },
      secrets: options.secrets ?? {},
      vars: options.vars ?? {},
      times: { ...githubSignalTimes, ...options.times },
      directory,
      stopped: stopped.signal,
      groups: ofRepository,
      onRun: (changed) => {
        events.emit("run", changed);
        if (changed.status === "completed")
          log(`${changed.workflow.name} #${changed.number}: ${changed.conclusion}`);
      },
      onStep: (changed, step) => events.emit("step", changed, step),
      onLine: (changed, line) => events.emit("line", changed, line),
    });
    started.push(run);
    runs.push(run.run);
    void track(run.completed);
    return run.run;
  };

  const startNew = (
    parsed: ParsedWorkflow,
    cause: Pick<RunRequest, "repository" | "event" | "payload" | "ref" | "sha" | "actor" | "inputs">,
  ): Run => {
    const path = parsed.kind === "workflow" ? parsed.workflow.path : parsed.path;
    const before = runs.filter(
      (run) =>
        run.attempt === 1 && run.repository === cause.repository.fullName && run.workflow.path === path,
    );
    lastId += 1;
    return start({ ...cause, parsed, id: lastId, attempt: 1, number: before.length + 1 });
  };

  const takePush = async (push: HostPush): Promise<void> => {
    const { repository, ref, before, after } = push;
    if (after === null || stopped.signal.aborted) return;
    if (skipsWorkflows(await readMessage(repository.gitDirectory, after))) return;
    const { gitDirectory, defaultBranch } = repository;
    const changed = await readChangedFiles(gitDirectory, { before, after, defaultBranch });
    for (const parsed of await readWorkflows(gitDirectory, after)) {
      if (!startsOnPush(parsed, ref, changed)) continue;
      startNew(parsed, {
        repository,
        event: "push",
        payload: toJson(push.payload),
        ref,
        sha: after,
        actor: push.pusher,
        inputs: {},
      });
    }
  };

  const unsubscribe = github.onPush((push) => {
    if (!push.triggersWorkflows) return;
    intake = track(intake.then(() => takePush(push))).catch((cause: unknown) => {
      problems.push(new Error(`A push to ${push.ref} could not be looked at.`, { cause }));
    });
  });

  const onDefaultBranch = async (fullName: string) => {
    const repository = await github.findRepository(fullName);
    const sha = await readHead(repository.gitDirectory, repository.defaultBranch);
    const workflows = await readWorkflows(repository.gitDirectory, sha);
    const actor = fullName.split("/")[0] ?? "";
    return { repository, sha, ref: `refs/heads/${repository.defaultBranch}`, actor, workflows };
  };

  const takeDispatch = async ({ repository, type, sender, payload }: HostDispatch): Promise<void> => {
    const { workflows, ...place } = await onDefaultBranch(repository.fullName);
    if (stopped.signal.aborted) return;
    for (const parsed of workflows) {
      const { repository_dispatch: filter } = eventsOf(parsed);
      if (filter === undefined || !(filter.types ?? [type]).includes(type)) continue;
      const cause = { ...place, event: "repository_dispatch", payload: toJson(payload), inputs: {} } as const;
      startNew(parsed, { ...cause, actor: sender });
    }
  };
  const unsubscribeDispatches = github.onDispatch((dispatch) => {
    intake = track(intake.then(() => takeDispatch(dispatch))).catch((cause: unknown) => {
      problems.push(new Error(`A repository_dispatch ${dispatch.type} could not be looked at.`, { cause }));
    });
  });

  const stop = async (): Promise<void> => {
    unsubscribe();
    unsubscribeDispatches();
    stopped.abort();
    for (const { cancellation } of started) cancellation.abort();
    await Promise.allSettled(underWay);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };

  return {
    runs,
    dispatch: async (fullName, name, inputs = {}) => {
      const { workflows, ...place } = await onDefaultBranch(fullName);
      const found = workflows.find((parsed) => isNamed(parsed, name));
      if (found === undefined)
        throw new Error(`${fullName} has no workflow '${name}' on its default branch.`);
      const dispatch = eventsOf(found).workflow_dispatch;
      if (dispatch === undefined) throw new Error("Workflow does not have 'workflow_dispatch' trigger");
      const all = { ...defaultInputs(dispatch), ...inputs };
      const payload = toJson({
        inputs: all,
        ref: place.ref,
        repository: place.repository.payload,
        sender: { login: place.actor },
      });
      return startNew(found, { ...place, event: "workflow_dispatch", payload, inputs: all });
    },
    tick: async (fullName) => {
      const { workflows, ...place } = await onDefaultBranch(fullName);
      return workflows.flatMap((parsed) => {
        const [schedule] = eventsOf(parsed).schedule ?? [];
        if (schedule === undefined) return [];
        const payload = toJson({ schedule: schedule.cron, repository: place.repository.payload });
        return [startNew(parsed, { ...place, event: "schedule", payload, inputs: {} })];
      });
    },
    rerun: (run) => {
      const { request } = findStarted(started, run);
      const attempts = runs.filter(({ id }) => id === run.id).length;
      return start({ ...request, attempt: attempts + 1 });
    },
    cancel: async (run) => {
      const { cancellation, completed } = findStarted(started, run);
      cancellation.abort();
      await completed;
    },
    waitForIdle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay);
      const [problem] = problems.splice(0);
      if (problem !== undefined) throw problem;
    },
    on: (event, listener) => events.on(event, listener),
    off: (event, listener) => events.off(event, listener),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function startsOnPush(parsed: ParsedWorkflow, ref: string, changedFiles: readonly string[]): boolean {
  const { push } = eventsOf(parsed);
  // A file that does not even say what it is for fails on every push, so that somebody sees it.
  if (parsed.kind === "invalid" && Object.keys(parsed.on).length === 0) return true;
  return push !== undefined && matchesPush(push, ref, changedFiles);
}

function eventsOf(parsed: ParsedWorkflow) {
  return parsed.kind === "workflow" ? parsed.workflow.on : parsed.on;
}

function isNamed(parsed: ParsedWorkflow, name: string): boolean {
  const { path } = parsed.kind === "workflow" ? parsed.workflow : parsed;
  return (
    path === `.github/workflows/${name}` || (parsed.kind === "workflow" && parsed.workflow.name === name)
  );
}

function defaultInputs(
  dispatch: NonNullable<ReturnType<typeof eventsOf>["workflow_dispatch"]>,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(dispatch.inputs ?? {}).flatMap(([name, input]) =>
      input.default === undefined ? [] : [[name, input.default]],
    ),
  );
}

function findStarted(started: readonly StartedRun[], run: Run): StartedRun {
  const found = started.find((candidate) => candidate.run === run);
  if (found === undefined) throw new Error(`Run ${run.id} is not one of this runner's.`);
  return found;
}
