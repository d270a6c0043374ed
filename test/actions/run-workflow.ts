import type { ConcurrencyGroups, EntryRule, Member } from "./concurrency-groups.ts";
import { type Combination, expandMatrix } from "./expand-matrix.ts";
import {
  type Conclusion,
  type ExpressionScope,
  evaluateCondition,
  evaluateSetting,
  evaluateText,
} from "./expression.ts";
import type { Json } from "./json.ts";
import type { Annotation, JobRun, StepRun, Writable } from "./run.ts";
import type { RunContext } from "./run-context.ts";
import { runJob } from "./run-job.ts";
import type { Concurrency, Job } from "./workflow.ts";

interface Ended {
  readonly result: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
  /** The results of everything that this job needed, directly or not. */
  readonly ancestors: readonly Conclusion[];
}

/** Runs the jobs of a run, each as soon as what it needs has ended. The answer is how the run ended. Never throws. */
export async function runWorkflow(run: RunContext, groups: ConcurrencyGroups): Promise<Conclusion> {
  const ended = new Map<string, Promise<Ended>>();
  const start = (id: string, job: Job): Promise<Ended> => {
    const known = ended.get(id);
    if (known !== undefined) return known;
    const needed = Promise.all(
      job.needs.map(async (need): Promise<[string, Ended]> => {
        const needs = run.workflow.jobs[need];
        if (needs === undefined) throw new Error(`Job '${id}' depends on unknown job '${need}'.`);
        return [need, await start(need, needs)];
      }),
    );
    const running = needed.then((needs) => runJobs(run, groups, { id, job, needs }));
    ended.set(id, running);
    return running;
  };
  const all = await Promise.all(Object.entries(run.workflow.jobs).map(([id, job]) => start(id, job)));
  if (run.cancelled.aborted) return "cancelled";
  const results = all.map(({ result }) => result);
  for (const conclusion of ["failure", "cancelled", "success"] as const) {
    if (results.includes(conclusion)) return conclusion;
  }
  return "skipped";
}

interface JobStart {
  readonly id: string;
  readonly job: Job;
  readonly needs: readonly (readonly [string, Ended])[];
}

/** Runs one key of `jobs`: nothing, one job, or one for each combination of its matrix. */
async function runJobs(
  run: RunContext,
  groups: ConcurrencyGroups,
  { id, job, needs }: JobStart,
): Promise<Ended> {
  const ancestors = needs.flatMap(([, need]) => [need.result, ...need.ancestors]);
  const contexts = {
    needs: Object.fromEntries(needs.map(([name, { result, outputs }]) => [name, { result, outputs }])),
  };
  const scope: ExpressionScope = {
    contexts: { ...run.contexts, github: run.github, ...contexts },
    status: run.cancelled.aborted ? "cancelled" : statusOf(ancestors),
  };
  const end = (result: Conclusion, outputs = {}): Ended => ({ result, outputs, ancestors });
  const refuse = (error: unknown): Ended => {
    const message = error instanceof Error ? error.message : String(error);
    const { record } = addJob(run, id, job, {}, [{ level: "error", message }]);
    Object.assign(record, { status: "completed", conclusion: "failure" });
    return end("failure");
  };

  let combinations: Combination[];
  try {
    if (run.stopped.aborted || !evaluateCondition(job.if, scope)) {
      const { record } = addJob(run, id, job, {}, []);
      Object.assign(record, { status: "completed", conclusion: "skipped" });
      return end("skipped");
    }
    combinations = expandMatrix(job.strategy?.matrix, scope);
  } catch (error) {
    return refuse(error);
  }

  const siblings = new AbortController();
  const failFast = evaluateSetting(job.strategy?.["fail-fast"], scope) !== false;
  const limit = Number(evaluateSetting(job.strategy?.["max-parallel"], scope) ?? combinations.length);
  const queue = combinations.map((matrix) => ({ matrix, ...addJob(run, id, job, matrix, []) }));
  const waiting = [...queue];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { matrix, record, steps, annotations } = next;
      const strategy = {
        "fail-fast": failFast,
        "job-index": queue.indexOf(next),
        "job-total": queue.length,
        "max-parallel": limit,
      };
      const wish = {
        id,
        job,
        record,
        steps,
        annotations,
        contexts: { ...contexts, matrix, strategy },
        cancelled: siblings.signal,
      };
      await inGroup(
        run,
        groups,
        job.concurrency,
        { ...scope, contexts: { ...scope.contexts, matrix, strategy } },
        {
          start: (cancelled) =>
            runJob(run, { ...wish, cancelled: AbortSignal.any([wish.cancelled, cancelled]) }),
          drop: () => Object.assign(record, { status: "completed", conclusion: "cancelled" }),
        },
      );
      if (record.conclusion !== "failure") continue;
      if (
        evaluateSetting(job["continue-on-error"], {
          ...scope,
          contexts: { ...scope.contexts, matrix, strategy },
        }) === true
      )
        record.conclusion = "success";
      else if (failFast) siblings.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, queue.length) }, work));

  const results = queue.map(({ record }) => record.conclusion);
  const result =
    (["failure", "cancelled"] as const).find((conclusion) => results.includes(conclusion)) ?? "success";
  // Of a matrix, the last job that set an output wins.
  const outputs: Record<string, string> = {};
  for (const { record } of queue) {
    for (const [name, value] of Object.entries(record.outputs))
      if (value !== "" || !(name in outputs)) outputs[name] = value;
  }
  return end(result, outputs);
}

/** `success()` of a job asks everything before it, not only what it needs directly. */
function statusOf(ancestors: readonly Conclusion[]): Conclusion {
  for (const status of ["failure", "cancelled", "skipped"] as const) {
    // A cancelled job fails those that need it; the run itself was not cancelled.
    if (ancestors.includes(status)) return status === "cancelled" ? "failure" : status;
  }
  return "success";
}

function addJob(run: RunContext, id: string, job: Job, matrix: Combination, annotations: Annotation[]) {
  const values = Object.values(matrix).map((value) =>
    typeof value === "object" ? JSON.stringify(value) : String(value),
  );
  const scope = {
    contexts: { ...run.contexts, github: run.github, matrix, needs: {}, strategy: {} },
    status: null,
  };
  const name =
    job.name === undefined
      ? `${id}${values.length === 0 ? "" : ` (${values.join(", ")})`}`
      : evaluateText(job.name, scope);
  const steps: StepRun[] = [];
  const record: Writable<JobRun> = {
    id,
    name,
    matrix,
    status: "queued",
    conclusion: null,
    steps,
    outputs: {},
    annotations,
    summary: "",
  };
  run.jobs.push(record);
  return { record, steps, annotations };
}

interface Turn {
  start(cancelled: AbortSignal): Promise<void>;
  drop(): void;
}

/** Waits for the turn in a `concurrency` group, if there is one. */
export async function inGroup(
  run: Pick<RunContext, "cancelled">,
  groups: ConcurrencyGroups,
  concurrency: Concurrency | undefined,
  scope: ExpressionScope,
  turn: Turn,
): Promise<void> {
  const own = new AbortController();
  const group = concurrency === undefined ? "" : evaluateText(concurrency.group, scope);
  if (concurrency === undefined || group === "") return turn.start(own.signal);
  const rule: EntryRule = {
    group,
    cancelInProgress: evaluateSetting(concurrency["cancel-in-progress"], scope) === true,
    queue: concurrency.queue === "max" ? "max" : "single",
  };
  const member: Member = { cancelRunning: () => own.abort() };
  if ((await groups.enter(rule, member, run.cancelled)) === "dropped") return turn.drop();
  try {
    await turn.start(own.signal);
  } finally {
    groups.leave(rule, member);
  }
}

/** Contexts as they are before any job. */
export function scopeOfRun(run: Pick<RunContext, "contexts" | "github">): ExpressionScope {
  const contexts: Record<string, Json> = { ...run.contexts, github: run.github };
  return { contexts, status: null };
}
