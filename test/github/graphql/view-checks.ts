import { readCommit } from "../git/git-repository.ts";
import { formatNodeId } from "../node-id.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import type { CheckRun, CheckSuite, CommitStatus } from "../repository/commit-marks.ts";
import {
  latestCheckRuns,
  latestStatuses,
  summarizeCommit,
  summarizeStatuses,
  summarizeSuite,
} from "../repository/summarize-checks.ts";
import type { Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireRead } from "./require-read.ts";
import { viewActor } from "./view-account.ts";
import { viewApp } from "./view-app.ts";
import { viewCommit } from "./view-commit.ts";
import { viewRepository } from "./view-repository.ts";

export interface CheckSuiteArgs extends PageArgs {
  readonly filterBy?: { readonly appId?: number | null; readonly checkName?: string | null } | null;
}

interface CheckRunArgs extends PageArgs {
  readonly filterBy?: {
    readonly appId?: number | null;
    readonly checkName?: string | null;
    readonly checkType?: "ALL" | "LATEST" | null;
    readonly status?: string | null;
    readonly statuses?: readonly string[] | null;
    readonly conclusions?: readonly string[] | null;
  } | null;
}

/** A commit's `StatusCheckRollup`; null when nothing has reported. */
export function viewRollup(context: GraphqlContext, repository: Repository, oid: string): object | null {
  requireRead(context, repository, "checks");
  requireRead(context, repository, "statuses");
  const state = summarizeCommit(repository, oid);
  if (state === null) return null;
  return {
    __typename: "StatusCheckRollup",
    id: formatNodeId("Status", repository.id, `rollup-${oid}`),
    state,
    commit: () => viewCommitByOid(context, repository, oid),
    contexts: (args: PageArgs) => {
      const marks = [...latestCheckRuns(repository, oid), ...latestStatuses(repository, oid)];
      return connect("contexts", args, marks, (mark) =>
        "suite" in mark
          ? viewCheckRun(context, repository, mark)
          : viewStatusContext(context, repository, mark),
      );
    },
  };
}

/** A commit's `Status`: its plain statuses, without check runs. */
export function viewStatus(context: GraphqlContext, repository: Repository, oid: string): object | null {
  requireRead(context, repository, "statuses");
  const statuses = latestStatuses(repository, oid);
  if (statuses.length === 0) return null;
  return {
    __typename: "Status",
    id: formatNodeId("Status", repository.id, oid),
    state: summarizeStatuses(statuses).toUpperCase(),
    commit: () => viewCommitByOid(context, repository, oid),
    contexts: () => statuses.map((status) => viewStatusContext(context, repository, status)),
    context: ({ name }: { name: string }) => {
      const status = statuses.find((one) => one.context === name);
      return status === undefined ? null : viewStatusContext(context, repository, status);
    },
  };
}

export function viewCheckSuites(
  context: GraphqlContext,
  repository: Repository,
  oid: string,
  args: CheckSuiteArgs,
) {
  requireRead(context, repository, "checks");
  const suites = repository.checkSuites.filter(
    (suite) =>
      suite.headSha === oid &&
      (args.filterBy?.appId == null || suite.app.id === args.filterBy.appId) &&
      (args.filterBy?.checkName == null ||
        repository.checkRuns.some((run) => run.suite === suite && run.name === args.filterBy?.checkName)),
  );
  return connect("checkSuites", args, suites, (suite) => viewCheckSuite(context, repository, suite));
}

function viewCheckSuite(context: GraphqlContext, repository: Repository, suite: CheckSuite): object {
  const { status, conclusion } = summarizeSuite(repository, suite);
  return {
    __typename: "CheckSuite",
    id: formatNodeId("CheckSuite", repository.id, suite.id),
    databaseId: suite.id,
    status: status.toUpperCase(),
    conclusion: conclusion?.toUpperCase() ?? null,
    createdAt: formatTime(suite.createdAt),
    updatedAt: formatTime(suite.updatedAt),
    app: () => viewApp(context, suite.app),
    commit: () => viewCommitByOid(context, repository, suite.headSha),
    repository: () => viewRepository(context, repository),
    checkRuns: (args: CheckRunArgs) => {
      const wish = args.filterBy ?? {};
      const statuses = wish.statuses ?? (wish.status == null ? null : [wish.status]);
      const known =
        wish.checkType === "ALL"
          ? repository.checkRuns.toReversed()
          : latestCheckRuns(repository, suite.headSha);
      const runs = known.filter(
        (run) =>
          run.suite === suite &&
          (wish.checkName == null || run.name === wish.checkName) &&
          (wish.appId == null || run.suite.app.id === wish.appId) &&
          (statuses === null || statuses.includes(run.status.toUpperCase())) &&
          (wish.conclusions == null || wish.conclusions.includes(run.conclusion?.toUpperCase() ?? "")),
      );
      return connect("checkRuns", args, runs, (run) => viewCheckRun(context, repository, run));
    },
  };
}

export function viewCheckRun(context: GraphqlContext, repository: Repository, run: CheckRun): object {
  const url = `${repositoryPage(context.world, repository)}/runs/${run.id}`;
  return {
    __typename: "CheckRun",
    id: formatNodeId("CheckRun", repository.id, run.id),
    databaseId: run.id,
    name: run.name,
    status: run.status.toUpperCase(),
    conclusion: run.conclusion?.toUpperCase() ?? null,
    startedAt: formatTime(run.startedAt),
    completedAt: run.completedAt === null ? null : formatTime(run.completedAt),
    detailsUrl: run.detailsUrl,
    externalId: run.externalId,
    title: run.output.title,
    summary: run.output.summary,
    text: run.output.text,
    url,
    permalink: url,
    resourcePath: url.slice(context.world.baseUrl.length),
    checkSuite: () => viewCheckSuite(context, repository, run.suite),
    repository: () => viewRepository(context, repository),
  };
}

function viewStatusContext(context: GraphqlContext, repository: Repository, status: CommitStatus): object {
  return {
    __typename: "StatusContext",
    id: formatNodeId("StatusContext", repository.id, status.id),
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    createdAt: formatTime(status.createdAt),
    creator: () => viewActor(context.world, status.creator),
    commit: () => viewCommitByOid(context, repository, status.sha),
  };
}

export async function viewCommitByOid(
  context: GraphqlContext,
  repository: Repository,
  oid: string,
): Promise<object | null> {
  const commit = await readCommit(repository.git, oid);
  return commit === null ? null : viewCommit(context, repository, commit);
}
