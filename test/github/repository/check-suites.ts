import { actionsAppId } from "../auth/caller.ts";
import { renderCheckSuite } from "../render/check.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import { type App, findInstallation, type Repository, type World } from "../world.ts";
import type { CheckSuite } from "./commit-marks.ts";

/** GitHub opens a check suite per pushed commit for every App that may write checks, and asks that App alone. */
export async function requestCheckSuites(
  world: World,
  repository: Repository,
  push: { readonly branch: string; readonly before: string | null; readonly after: string },
  hand: Hand,
): Promise<void> {
  for (const app of world.apps.values()) {
    const installation = findInstallation(world, app, repository);
    if (app.id === actionsAppId || installation?.permissions.checks !== "write") continue;
    if (repository.checkSuites.some((suite) => suite.app === app && suite.headSha === push.after)) continue;
    const suite = createCheckSuite(world, repository, app, push);
    const payload = { check_suite: await renderCheckSuite(world, repository, suite) };
    announce(world, repository, hand, "check_suite", "requested", payload, app);
  }
}

/** Asks the App of a suite to do all of it again; nobody else hears of it. */
export async function rerequestCheckSuite(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  hand: Hand,
): Promise<void> {
  suite.updatedAt = world.now();
  const payload = { check_suite: await renderCheckSuite(world, repository, suite) };
  announce(world, repository, hand, "check_suite", "rerequested", payload, suite.app);
}

/** The suite of an App for a commit, made when it isn't there. */
export function findOrCreateCheckSuite(
  world: World,
  repository: Repository,
  app: App,
  sha: string,
): CheckSuite {
  return (
    repository.checkSuites.find((suite) => suite.app === app && suite.headSha === sha) ??
    createCheckSuite(world, repository, app, { branch: null, before: null, after: sha })
  );
}

function createCheckSuite(
  world: World,
  repository: Repository,
  app: App,
  push: { readonly branch: string | null; readonly before: string | null; readonly after: string },
): CheckSuite {
  const suite: CheckSuite = {
    id: world.nextId(),
    app,
    headSha: push.after,
    headBranch: push.branch,
    before: push.before,
    createdAt: world.now(),
    updatedAt: world.now(),
  };
  repository.checkSuites.push(suite);
  return suite;
}
