import { appOf, type Caller, handOf } from "../auth/caller.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { renderCheckRun, renderCheckSuite } from "../render/check.ts";
import { changeCheckRun, createCheckRun, rerequestCheckRun } from "../repository/check-runs.ts";
import { rerequestCheckSuite } from "../repository/check-suites.ts";
import type { CheckRun } from "../repository/commit-marks.ts";
import { requireCommit } from "../repository/resolve-commit.ts";
import { latestCheckRuns } from "../repository/summarize-checks.ts";
import type { App, Repository, World } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const checkOperations = {
  "checks/create": async ({ world, repository, body, caller }) => {
    const commit = await requireCommit(repository, body.head_sha);
    const app = requireApp(world, caller);
    const run = await createCheckRun(
      world,
      repository,
      app,
      commit.oid,
      readWish(body),
      handOf(world, caller),
    );
    return { status: 201, body: renderCheckRun(world, repository, run) };
  },

  "checks/update": async ({ world, repository, path, body, caller }) => {
    const run = requireRun(repository, Number(path.check_run_id));
    if (run.suite.app !== requireApp(world, caller)) {
      throw new GitHubError(
        403,
        `Invalid app_id \`${requireApp(world, caller).id}\` - check run can only be modified by the GitHub App that created it.`,
      );
    }
    await changeCheckRun(world, repository, run, readWish(body), handOf(world, caller));
    return { status: 200, body: renderCheckRun(world, repository, run) };
  },

  "checks/get": ({ world, repository, path }) => ({
    status: 200,
    body: renderCheckRun(world, repository, requireRun(repository, Number(path.check_run_id))),
  }),

  "checks/rerequest-run": ({ world, repository, path, caller }) => {
    rerequestCheckRun(
      world,
      repository,
      requireRun(repository, Number(path.check_run_id)),
      handOf(world, caller),
    );
    return { status: 201, body: {} };
  },

  "checks/rerequest-suite": async ({ world, repository, path, caller }) => {
    const suite = repository.checkSuites.find(({ id }) => id === Number(path.check_suite_id));
    if (suite === undefined) throw notFound();
    await rerequestCheckSuite(world, repository, suite, handOf(world, caller));
    return { status: 201, body: {} };
  },

  "checks/list-for-ref": async ({ world, repository, path, query }) => {
    const commit = await requireCommit(repository, path.ref);
    const all =
      query.filter === "all"
        ? repository.checkRuns.filter(({ headSha }) => headSha === commit.oid).reverse()
        : latestCheckRuns(repository, commit.oid);
    const runs = all.filter(
      (run) =>
        (query.check_name === undefined || run.name === query.check_name) &&
        (query.status === undefined || run.status === query.status) &&
        (query.app_id === undefined || run.suite.app.id === query.app_id),
    );
    return list(
      runs,
      (run) => renderCheckRun(world, repository, run),
      (page, total) => ({ total_count: total, check_runs: page }),
    );
  },

  "checks/list-suites-for-ref": async ({ world, repository, path, query }) => {
    const commit = await requireCommit(repository, path.ref);
    const suites = repository.checkSuites.filter(
      (suite) =>
        suite.headSha === commit.oid &&
        (query.app_id === undefined || suite.app.id === query.app_id) &&
        (query.check_name === undefined ||
          repository.checkRuns.some((run) => run.suite === suite && run.name === query.check_name)),
    );
    const rendered = await Promise.all(suites.map((suite) => renderCheckSuite(world, repository, suite)));
    return list(
      rendered,
      (suite) => suite,
      (page, total) => ({ total_count: total, check_suites: page }),
    );
  },
} satisfies RestHandlers;

function requireRun(repository: Repository, id: number): CheckRun {
  const run = repository.checkRuns.find((one) => one.id === id);
  if (run === undefined) throw notFound();
  return run;
}

/** Check runs belong to Apps; a person cannot write them. */
function requireApp(world: World, caller: Caller): App {
  const app = appOf(world, caller);
  if (app === null) throw new GitHubError(403, "You must authenticate via a GitHub App.");
  return app;
}

interface CheckBody {
  readonly name?: string;
  readonly details_url?: string;
  readonly external_id?: string;
  readonly status?: "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";
  readonly started_at?: string;
  readonly conclusion?:
    | "action_required"
    | "cancelled"
    | "failure"
    | "neutral"
    | "success"
    | "skipped"
    | "stale"
    | "timed_out";
  readonly completed_at?: string;
  readonly output?: { readonly title?: string; readonly summary?: string; readonly text?: string };
  readonly actions?: readonly {
    readonly label: string;
    readonly description: string;
    readonly identifier: string;
  }[];
}

function readWish(body: CheckBody) {
  if (body.status === "completed" && body.conclusion === undefined) {
    throw new GitHubError(422, "Invalid request.\n\nMissing conclusion for a completed check run.");
  }
  return {
    name: body.name,
    detailsUrl: body.details_url,
    externalId: body.external_id,
    status: body.status,
    conclusion: body.conclusion,
    startedAt: body.started_at === undefined ? undefined : new Date(body.started_at),
    completedAt: body.completed_at === undefined ? undefined : new Date(body.completed_at),
    output: body.output,
    actions: body.actions,
  };
}
