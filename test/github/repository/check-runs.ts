import { mergeWhatIsReady } from "../pulls/auto-merge.ts";
import { renderCheckRun, renderCheckSuite, renderCheckSuiteOfRun } from "../render/check.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { App, Repository, World } from "../world.ts";
import { findOrCreateCheckSuite } from "./check-suites.ts";
import type { CheckConclusion, CheckOutput, CheckRun, CheckStatus } from "./commit-marks.ts";
import { summarizeSuite } from "./summarize-checks.ts";

/** What a check run is to become; undefined leaves it. */
export interface CheckRunWish {
  readonly name?: string | undefined;
  readonly detailsUrl?: string | undefined;
  readonly externalId?: string | undefined;
  readonly status?: CheckStatus | undefined;
  readonly conclusion?: CheckConclusion | undefined;
  readonly startedAt?: Date | undefined;
  readonly completedAt?: Date | undefined;
  readonly output?: { readonly [Key in keyof CheckOutput]?: string } | undefined;
  readonly actions?: CheckRun["actions"] | undefined;
}

export async function createCheckRun(
  world: World,
  repository: Repository,
  app: App,
  sha: string,
  wish: CheckRunWish,
  hand: Hand,
): Promise<CheckRun> {
  const run: CheckRun = {
    id: world.nextId(),
    suite: findOrCreateCheckSuite(world, repository, app, sha),
    headSha: sha,
    name: "",
    status: "queued",
    conclusion: null,
    startedAt: world.now(),
    completedAt: null,
    externalId: "",
    detailsUrl: null,
    output: { title: null, summary: null, text: null },
    actions: [],
  };
  apply(run, wish, world.now());
  repository.checkRuns.push(run);
  announceRun(world, repository, run, "created", hand);
  await settle(world, repository, run, hand);
  return run;
}

export async function changeCheckRun(
  world: World,
  repository: Repository,
  run: CheckRun,
  wish: CheckRunWish,
  hand: Hand,
): Promise<void> {
  apply(run, wish, world.now());
  await settle(world, repository, run, hand);
}

/** Asks the App that made a run to run it again; nobody else hears of it. */
export function rerequestCheckRun(world: World, repository: Repository, run: CheckRun, hand: Hand): void {
  run.status = "queued";
  run.conclusion = null;
  run.completedAt = null;
  announceRun(world, repository, run, "rerequested", hand, run.suite.app);
}

function apply(run: CheckRun, wish: CheckRunWish, now: Date): void {
  run.name = wish.name ?? run.name;
  run.detailsUrl = wish.detailsUrl ?? run.detailsUrl;
  run.externalId = wish.externalId ?? run.externalId;
  run.startedAt = wish.startedAt ?? run.startedAt;
  run.actions = wish.actions ?? run.actions;
  if (wish.output !== undefined) {
    const { title, summary, text } = wish.output;
    run.output = { title: title ?? null, summary: summary ?? null, text: text ?? null };
  }
  // A conclusion completes a run by itself.
  const status = wish.conclusion !== undefined || wish.completedAt !== undefined ? "completed" : wish.status;
  run.status = status ?? run.status;
  run.conclusion = run.status === "completed" ? (wish.conclusion ?? run.conclusion) : null;
  run.completedAt = run.status === "completed" ? (wish.completedAt ?? now) : null;
  run.suite.updatedAt = now;
}

async function settle(world: World, repository: Repository, run: CheckRun, hand: Hand): Promise<void> {
  if (run.status !== "completed") return;
  announceRun(world, repository, run, "completed", hand);
  if (summarizeSuite(repository, run.suite).status === "completed") {
    const payload = { check_suite: await renderCheckSuite(world, repository, run.suite) };
    announce(world, repository, hand, "check_suite", "completed", payload);
  }
  await mergeWhatIsReady(world, repository);
}

function announceRun(
  world: World,
  repository: Repository,
  run: CheckRun,
  action: string,
  hand: Hand,
  onlyApp?: App,
): void {
  const payload = {
    check_run: {
      ...renderCheckRun(world, repository, run),
      check_suite: renderCheckSuiteOfRun(world, repository, run.suite),
    },
  };
  announce(world, repository, hand, "check_run", action, payload, onlyApp);
}
