import { setTimeout as sleep } from "node:timers/promises";
import { Octokit } from "@octokit/rest";
import { inRangeBranch, type StackPlace } from "../../src/forge/forge.ts";
import { GitHubForge } from "../../src/forge/github-forge.ts";
import { GitHubServer } from "../../src/forge/github-server.ts";
import { accountFor, readMoves } from "../storms/support/account-for.ts";
import { type Alert, makeAlert, storm } from "../storms/support/alerts.ts";
import {
  GITHUB_LIMITS,
  openStormWorld,
  type StormStack,
  type StormWorld,
} from "../storms/support/open-storm-world.ts";
import type { Figure, Measurement, Pace } from "./measurement.ts";

/**
 * Very many alerts at once, with GitHub's limits on writing as they are. The baseline makes one pull request for each alert, read,
 * branch, pull request and merge, one after the other, without limits and without Probot's waiting; it is measured for a part of
 * the alerts and counted for all of them.
 */
export const storms: readonly Measurement[] = [
  {
    name: "storm-one-stack",
    about: "1,000 alerts for 100 pools of one stack, 1 and 4 replicas, against one pull request per alert",
    measure: (pace, tell) => measureKind(ONE_STACK, pace, tell),
  },
  {
    name: "storm-40-stacks",
    about:
      "120 alerts for 40 stacks of one installation, 1 and 4 replicas, against one pull request per alert",
    measure: (pace, tell) => measureKind(FORTY_STACKS, pace, tell),
  },
];

async function measureKind(kind: StormKind, pace: Pace, tell: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  tell("one pull request per alert");
  const baseline = await measureOneByOne(kind, pace === "quick" ? 3 : 20);
  for (const replicas of pace === "quick" ? [1] : [1, 4]) {
    tell(replicas === 1 ? "1 replica" : `${replicas} replicas`);
    figures.push(...(await measureStorm(kind, replicas, baseline)));
  }
  return figures;
}

type StormKind = {
  readonly title: string;
  readonly repositories: number;
  readonly stacks: number;
  readonly pools: number;
  readonly alertsPerPool: number;
};

const ONE_STACK: StormKind = {
  title: "1,000 alerts, 100 pools of one stack",
  repositories: 1,
  stacks: 1,
  pools: 100,
  alertsPerPool: 10,
};

const FORTY_STACKS: StormKind = {
  title: "120 alerts, 40 stacks in 4 repositories",
  repositories: 4,
  stacks: 10,
  pools: 3,
  alertsPerPool: 1,
};

/** What one alert costs the baseline. */
type PerAlert = { readonly calls: number; readonly writes: number; readonly seconds: number };

async function measureStorm(kind: StormKind, replicas: number, baseline: PerAlert): Promise<Figure[]> {
  await using world = await openStormWorld({
    ...kind,
    delivery: "pull-request",
    strategy: "incremental",
    limits: GITHUB_LIMITS,
  });
  const { github } = world;
  const urls: string[] = [];
  for (let index = 0; index < replicas; index++) urls.push(await world.startReplica());
  world.sendWebhooksTo(urls[0] ?? "");
  const alerts = alertsOf(kind, world.stacks);
  const deliveries = alerts.map((alert, index) => ({
    url: urls[index % urls.length] ?? "",
    alerts: [alert],
  }));
  const before = github.requests.length;
  const last = watchLastWrite(world);
  const startedMs = performance.now();
  const stormed = await storm(deliveries, world.pass, 200);
  await world.untilQuiet();
  const seconds = (last.atMs() - startedMs) / 1000;
  const during = github.requests.slice(before).filter(({ kind: how }) => how !== "git");
  // A repeat has what two replicas were stopped at by GitHub itself looked after, and is no part of the storm.
  const answers = [...stormed.answers];
  let moves = await readMoves(github, world.stacks);
  for (
    let repeats = 0;
    repeats < 5 && moves.length < kind.repositories * kind.stacks * kind.pools;
    repeats++
  ) {
    await world.pass(60);
    answers.push(...(await storm(deliveries, world.pass, 200)).answers);
    await world.untilQuiet();
    moves = await readMoves(github, world.stacks);
  }
  const { lost, doubled } = accountFor(answers, moves);
  if (lost.length + doubled.length > 0)
    throw new Error(`lost: ${lost.join("; ")}; doubled: ${doubled.join("; ")}`);

  const writes = during.filter(({ points }) => points === 5).length;
  const of = `${kind.title}, ${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  const oneByOne = "one pull request per alert, one after the other";
  const count = (name: string, value: number, unit: Figure["unit"], against: string): Figure => ({
    name,
    value,
    unit,
    against,
    spread: null,
    aim: null,
  });
  const writesOneByOne = Math.round(baseline.writes * alerts.length);
  return [
    count(
      of,
      new Set(moves.map(({ commit }) => commit)).size,
      "commits",
      `on the base branches, for ${alerts.length} alerts`,
    ),
    count("… content writes", writes, "calls", `${oneByOne}: ${writesOneByOne.toLocaleString("en")}`),
    count("… reads", during.length - writes, "calls", "GitHub API"),
    count(
      "… answers of 503",
      stormed.refused,
      "answers",
      `of ${stormed.requests.toLocaleString("en")} requests; all were sent again`,
    ),
    count(
      "… to the last write",
      Math.round(seconds + stormed.passedSeconds),
      "seconds",
      `of which the clock was moved by ${Math.round(stormed.passedSeconds)}, as answers asked for`,
    ),
    count("… API calls", during.length / (baseline.calls * alerts.length), "ratio", oneByOne),
    count(
      "… time, without what the clock was moved by",
      seconds / (baseline.seconds * alerts.length),
      "ratio",
      oneByOne,
    ),
  ];
}

function alertsOf(kind: StormKind, stacks: readonly StormStack[]): Alert[] {
  return Array.from({ length: kind.alertsPerPool }, (_, number) =>
    stacks.flatMap((stack) =>
      Array.from({ length: kind.pools }, (_unused, pool) =>
        makeAlert(stack, pool, { pulumiscale_delta: "2" }, number),
      ),
    ),
  ).flat();
}

function watchLastWrite({ github }: StormWorld): { atMs: () => number } {
  let lastMs = performance.now();
  github.onRequest(({ phase, request }) => {
    if (phase === "done" && request.points === 5) lastMs = performance.now();
  });
  return { atMs: () => lastMs };
}

/** Makes a pull request for each of some alerts, and merges it, before the next one. */
async function measureOneByOne(kind: StormKind, amount: number): Promise<PerAlert> {
  await using world = await openStormWorld({ ...kind, delivery: "pull-request", strategy: "incremental" });
  const { github, installation, stacks } = world;
  const { request, graphql } = new Octokit({ auth: installation.issueToken(), baseUrl: github.apiUrl });
  const client = { request, graphql, server: new GitHubServer() };
  const forge = new GitHubForge(async () => client, Date.now);
  const alerts = alertsOf(kind, stacks).slice(0, amount);
  const before = github.requests.length;
  const startedMs = performance.now();
  for (const { stack, pool } of alerts) await scaleAlone(forge, stack, pool);
  const seconds = (performance.now() - startedMs) / 1000 / amount;
  const during = github.requests.slice(before);
  const writes = during.filter(({ points }) => points === 5).length / amount;
  return { calls: during.length / amount, writes, seconds };
}

async function scaleAlone(
  forge: GitHubForge,
  { repo, alias, path }: StormStack,
  pool: string,
): Promise<void> {
  const [owner = "", name = ""] = repo.split("/");
  const [project = "", stack = ""] = alias.split(".");
  const place: StackPlace = { owner, repo: name, alias, project, stack, branch: "main", path };
  const snapshot = await forge.readSnapshot(place, 0);
  if (snapshot.file.kind !== "text") throw new Error(`${path} cannot be read`);
  const title = `scale(${alias}): ${pool}`;
  const opened = await forge.openPull(
    place,
    {
      urgency: "scale-out",
      repositoryId: snapshot.repositoryId,
      expectedHeadOid: snapshot.headOid,
      path,
      text: snapshot.file.text.replace(`${pool}: 5\n`, `${pool}: 7\n`),
      edits: [],
      headline: title,
      body: "",
    },
    {
      current: snapshot.inRange,
      branch: inRangeBranch(alias),
      title,
      body: "",
      repositoryNumber: snapshot.repositoryNumber,
      labels: [],
    },
  );
  const merge = { ...opened, method: "squash", title, message: "" } as const;
  for (let tries = 0; (await forge.mergePull(place, merge)).kind !== "merged"; tries++) {
    if (tries === 10) throw new Error(`pull request #${opened.number} did not merge`);
    await sleep(100);
  }
}
