import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Probot } from "probot";
import { inRangeBranch } from "../../src/forge/forge.ts";
import { GitHubForge } from "../../src/forge/github-forge.ts";
import { GitHubServer } from "../../src/forge/github-server.ts";
import { headMarkKey } from "../../src/forge/head-mark.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { type AppWorld, openAppWorld } from "../support/open-app-world.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { watchGitHub } from "./github-busy.ts";
import { interleave, ratioOf } from "./interleave.ts";
import type { Measurement } from "./measurement.ts";

/**
 * What lies between a scale's calls to GitHub. Ours is everything from the alert's request to the merge: routes, decision,
 * edit and delivery. The baseline makes the same four calls with Probot's own client, and decides nothing.
 */
export const githubWaiting: Measurement = {
  name: "github-waiting",
  about: "time added to GitHub's own for one pull-request scale, against stock Probot",
  measure: async (pace, tell) => {
    const turn = (prepare: Prepare) => async (repetition: number) => {
      await using world = await openAppWorld();
      const scale = await prepare(world);
      const addedMs = await timeBesideGitHub(world.github, scale);
      tell(`repetition ${repetition}: merged ${prepare.name}`);
      return addedMs;
    };
    const repetitions = pace === "quick" ? 1 : 5;
    const pairs = await interleave(turn(throughApp), turn(throughStockProbot), repetitions);
    return [
      {
        ...ratioOf(pairs, (addedMs) => addedMs),
        name: "added between alert and merge",
        against: "the same calls through Probot's client as it comes, throttling and retries on",
        aim: null,
      },
    ];
  },
};

/** Makes ready what an App that has run for a while has, its token say, and answers how to scale. */
type Prepare = (world: AppWorld) => Promise<() => Promise<void>>;

async function throughApp({ post }: AppWorld): ReturnType<Prepare> {
  return async () => {
    const { status, answer } = await post("/webhook/web/count", { value: 5 });
    if (status !== 200) throw new Error(`the app answered ${status}: ${JSON.stringify(answer)}`);
  };
}

async function throughStockProbot({ github, app, installation }: AppWorld): ReturnType<Prepare> {
  const { appId, privateKey } = app;
  const log = pino({ level: "silent" });
  const probot = new Probot({ appId, privateKey, secret: "not used here", baseUrl: github.apiUrl, log });
  const octokit = await probot.auth(installation.installationId);
  await octokit.request("GET /installation/repositories");
  const { request, graphql } = octokit;
  const client = { request, graphql, server: new GitHubServer() };
  const forge = new GitHubForge(async () => client, Date.now, headMarkKey(privateKey));
  const title = "scale(shop.prod): web 3 → 5";
  return async () => {
    const snapshot = await forge.readSnapshot(PLACE, 0);
    const opened = await forge.openPull(
      PLACE,
      {
        urgency: "scale-out",
        repositoryId: snapshot.repositoryId,
        expectedHeadOid: snapshot.headOid,
        path: PLACE.path,
        text: STACK_FILE.replace('"3"', '"5"'),
        edits: [],
        headline: title,
        body: "",
      },
      {
        current: null,
        branch: inRangeBranch(PLACE.alias),
        title,
        body: "",
        repositoryNumber: snapshot.repositoryNumber,
        labels: [],
      },
    );
    await forge.mergePull(PLACE, { ...opened, method: "squash", title, message: "" });
  };
}

/** The throttle counts in the process, not in the client: what the turn before did is over by then. */
const REST_MS = 1_500;

/** The milliseconds until the merge is done in which GitHub had nothing to do. */
async function timeBesideGitHub(github: GitHubStandIn, scale: () => Promise<void>): Promise<number> {
  await github.webhooksIdle();
  await sleep(REST_MS);
  const { promise: merged, resolve } = Promise.withResolvers<number>();
  using busy = watchGitHub(github);
  const startedMs = performance.now();
  const unsubscribe = github.onRequest(({ phase, request }) => {
    if (phase === "done" && request.operations.includes("pulls/merge"))
      resolve(performance.now() - startedMs - busy.readMs());
  });
  const giveUp = new AbortController();
  try {
    await scale();
    const addedMs = await Promise.race([merged, sleep(30_000, null, { signal: giveUp.signal })]);
    if (addedMs === null) throw new Error("nothing was merged within 30 s");
    return addedMs;
  } finally {
    giveUp.abort();
    unsubscribe();
  }
}
