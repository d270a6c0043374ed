import { readCommit } from "../git/git-repository.ts";
import { formatNodeId } from "../node-id.ts";
import type { CheckRun, CheckSuite } from "../repository/commit-marks.ts";
import { summarizeSuite } from "../repository/summarize-checks.ts";
import type { Repository, World } from "../world.ts";
import { renderApp } from "./app.ts";
import { renderSimpleCommit } from "./commit.ts";
import { renderMinimalRepository, repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderCheckRun(world: World, repository: Repository, run: CheckRun) {
  const url = `${repositoryUrl(world, repository)}/check-runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: formatNodeId("CheckRun", repository.id, run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: `${repositoryPage(world, repository)}/runs/${run.id}`,
    details_url: run.detailsUrl ?? `${world.baseUrl}/apps/${run.suite.app.slug}`,
    status: run.status,
    conclusion: run.conclusion,
    started_at: formatTime(run.startedAt),
    completed_at: run.completedAt === null ? null : formatTime(run.completedAt),
    output: { ...run.output, annotations_count: 0, annotations_url: `${url}/annotations` },
    check_suite: { id: run.suite.id },
    app: renderApp(world, run.suite.app),
    pull_requests: renderPullReferences(world, repository, run.headSha),
  };
}

/** A check suite inside a `check_run` event. */
export function renderCheckSuiteOfRun(world: World, repository: Repository, suite: CheckSuite) {
  return {
    id: suite.id,
    node_id: formatNodeId("CheckSuite", repository.id, suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    ...summarizeSuite(repository, suite),
    url: `${repositoryUrl(world, repository)}/check-suites/${suite.id}`,
    before: suite.before ?? "0".repeat(40),
    after: suite.headSha,
    pull_requests: renderPullReferences(world, repository, suite.headSha),
    app: renderApp(world, suite.app),
    created_at: formatTime(suite.createdAt),
    updated_at: formatTime(suite.updatedAt),
  };
}

export async function renderCheckSuite(world: World, repository: Repository, suite: CheckSuite) {
  const commit = await readCommit(repository.git, suite.headSha);
  return {
    ...renderCheckSuiteOfRun(world, repository, suite),
    repository: renderMinimalRepository(world, repository),
    head_commit: commit === null ? null : renderSimpleCommit(commit),
    latest_check_runs_count: repository.checkRuns.filter((run) => run.suite === suite).length,
    check_runs_url: `${repositoryUrl(world, repository)}/check-suites/${suite.id}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  };
}

/** The open pull requests with this head; those of forks GitHub leaves out. */
function renderPullReferences(world: World, repository: Repository, sha: string) {
  const url = repositoryUrl(world, repository);
  const repo = { id: repository.id, url, name: repository.name };
  return [...repository.issues.values()]
    .filter((issue) => issue.kind === "pull-request")
    .filter((pull) => pull.state === "open" && pull.headRepository === repository)
    .filter((pull) => pull.headOid === sha)
    .map((pull) => ({
      id: pull.id,
      number: pull.number,
      url: `${url}/pulls/${pull.number}`,
      head: { ref: pull.headRef, sha: pull.headOid, repo },
      base: { ref: pull.baseRef, sha: pull.baseOid, repo },
    }));
}
