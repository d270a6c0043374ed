import { setTimeout as sleep } from "node:timers/promises";
import { Octokit } from "@octokit/rest";
import { GitHubServer } from "../../src/forge/github-server.ts";
import { readGitHubSnapshot } from "../../src/forge/github-snapshot.ts";
import { entryPath, formatEntry } from "../../src/ledger/entry.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { type AppWorld, type AppWorldOptions, ledgerEntry, openAppWorld } from "../support/open-app-world.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { atMost, type Figure, type Measurement } from "./measurement.ts";

/** What one decision costs GitHub, counted by the stand-in, and how much a snapshot weighs. */
export const apiCalls: Measurement = {
  name: "api-calls",
  about: "GitHub API calls per decision, and bytes of a snapshot",
  measure: async () => [
    ...(await countHeld()),
    calls("direct commit", await countScale(DIRECT, "on-base"), 2),
    calls("pull request, alert to merged", await countScale({}, "on-base"), 4),
    calls("gated pull request, alert to opened", await countScale(GATED, "on-branch", "unheard"), 4),
    calls("gated pull request, with the guard's check", await countScale(GATED, "on-branch"), null),
    await countReplaced(),
    calls("one sweep, a repository with a stack", await countSweep(1), 3, SWEEP),
    calls("one sweep, 30 repositories with a stack", await countSweep(30), 21, SWEEP),
    ...(await weighSnapshots()),
  ],
};

const DIRECT: AppWorldOptions = {
  files: { ".github/pulumiscale.yml": "defaults:\n  delivery: direct\n" },
};
const GATED: AppWorldOptions = {
  files: { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" },
};
const HELD_TIMES = 20;
const SWEEP = "GitHub API calls of a sweep that finds nothing";
const SWEEPS = 7;
/** A port that nothing listens on. */
const NOBODY = "http://127.0.0.1:1/";

type Post = Awaited<ReturnType<AppWorld["post"]>>;

async function countHeld(): Promise<Figure[]> {
  await using world = await openAppWorld({ entry: { applied: { web: 2, api: 2 } } });
  const { github, post, replica } = world;
  // What a start looks for is none of a decision's calls.
  await replica.idle();
  // A change that is not applied yet; and a push is news: what the app has read is out of date.
  const files = { [PLACE.path]: STACK_FILE.replace('"3"', '"5"') };
  await github.commit("acme/infra", { files, message: "by hand", login: "alice" });
  await github.webhooksIdle();
  const before = github.requests.length;
  expectKind(await post("/scale/web", { delta: -1 }), "hold");
  const fresh = github.requests.length - before;
  for (let times = 0; times < HELD_TIMES; times++)
    expectKind(await post("/scale/web", { delta: -1 }), "hold");
  const inHand = (github.requests.length - before - fresh) / HELD_TIMES;
  return [calls("held, within a snapshot's life", inHand, 0), calls("held, with a fresh read", fresh, 1)];
}

/** The calls of one scale in a world of its own, until nothing of it goes on. `unheard`: GitHub's events do not reach the app. */
async function countScale(
  options: AppWorldOptions,
  ends: "on-base" | "on-branch",
  events: "heard" | "unheard" = "heard",
): Promise<number> {
  await using world = await openAppWorld(options);
  const { github } = world;
  if (events === "unheard") world.app.setWebhook(NOBODY);
  await world.replica.idle();
  const before = github.requests.length;
  expectKind(await world.post("/webhook/web/count", { value: 7 }), "scale");
  await github.webhooksIdle();
  await world.replica.stop();
  const count = github.requests.length - before;
  const isOnBase = (await world.stackFile()) === STACK_FILE.replace('"3"', '"7"');
  if (isOnBase !== (ends === "on-base")) throw new Error(`the scale did not end ${ends}`);
  return count;
}

async function countReplaced(): Promise<Figure> {
  await using world = await openAppWorld();
  const { github, post } = world;
  github.protect("acme/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
  expectKind(await post("/scale/web", { value: 5 }), "scale");
  await untilQuiet(github);
  const before = github.requests.length;
  expectKind(await post("/scale/web", { value: 9 }), "scale");
  await world.replica.stop();
  return calls("a larger scale-out replaces a living pull request", github.requests.length - before, null);
}

/** The calls of a sweep, as the median of several that are five minutes apart, where nothing happens in any repository. */
async function countSweep(repositories: number): Promise<number> {
  let github: GitHubStandIn | undefined;
  const isSweep = ({ path }: { path: string }) => path.includes("/app/hook/deliveries?");
  const sweeps = () => github?.requests.flatMap((one, index) => (isSweep(one) ? [index] : [])) ?? [];
  const clock = () => Date.now() + sweeps().length * 300_000;
  await using world = await openAppWorld({ internals: { clock, sweepFirstMs: 1000, sweepEveryMs: 300 } });
  for (let count = 1; count < repositories; count++) await addRepository(world, `infra-${count}`);
  await world.replica.stop();
  // Another process, which finds all of them when it starts.
  github = world.github;
  const before = sweeps().length;
  const replica = await world.startReplica();
  world.app.setWebhook(`${replica.url}/api/github/webhooks`);
  while (sweeps().length <= before + SWEEPS) await sleep(100);
  await replica.stop();
  const starts = sweeps().slice(before);
  const counts = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  return counts.toSorted((one, other) => one - other)[Math.floor(counts.length / 2)] ?? 0;
}

async function addRepository({ github }: AppWorld, name: string): Promise<void> {
  await github.createRepository({
    owner: "acme",
    name,
    files: { "Pulumi.yaml": "name: shop\nruntime: yaml\n", [PLACE.path]: STACK_FILE },
  });
  const entry = formatEntry(ledgerEntry());
  const files = { [entryPath(PLACE.alias)]: entry };
  await github.commit(`acme/${name}`, { branch: "pulumiscale", message: "publish", login: "alice", files });
}

/** Waits until the app leaves GitHub alone. */
async function untilQuiet(github: GitHubStandIn): Promise<void> {
  let seen = -1;
  while (seen !== github.requests.length) {
    seen = github.requests.length;
    await github.webhooksIdle();
    await sleep(1000);
  }
}

async function weighSnapshots(): Promise<Figure[]> {
  await using world = await openAppWorld();
  const { github } = world;
  const short = await weighSnapshot(world);
  for (let value = 4; value < 24; value++) {
    await github.commit("acme/infra", {
      files: { [PLACE.path]: STACK_FILE.replace('"3"', `"${value}"`) },
      message: SCALE_MESSAGE,
      login: "alice",
    });
  }
  const long = await weighSnapshot(world);
  return [
    bytes("a snapshot's answer, new stack", short),
    bytes("a snapshot's answer, 20 scale commits back", long),
  ];
}

const SCALE_MESSAGE = `scale(shop.prod): web 3 → 4

web: 3 → 4: The alert asks for +1 from 3. [Busy: The web pool is at 93 %]

Pulumiscale-Stack: shop.prod
Pulumiscale-Scale: web 3 -> 4 requested=4 reason=requested source=prometheus event=0123456789abcdef
Pulumiscale-Requested-By: prometheus
`;

/** Reads a snapshot as the app does, and weighs the bodies of the answers. */
async function weighSnapshot({ github, installation }: AppWorld): Promise<number> {
  let weighed = 0;
  const weigh: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    weighed += (await response.clone().arrayBuffer()).byteLength;
    return response;
  };
  const { request, graphql } = new Octokit({
    auth: installation.issueToken(),
    baseUrl: github.apiUrl,
    request: { fetch: weigh },
  });
  await readGitHubSnapshot(
    { request, graphql, server: new GitHubServer() },
    PLACE,
    0,
    Date.now,
    Buffer.alloc(32),
  );
  return weighed;
}

function expectKind({ status, answer, results }: Post, kind: "scale" | "hold"): void {
  if (results[0]?.kind !== kind)
    throw new Error(`expected ${kind}, got ${status}: ${JSON.stringify(answer)}`);
}

function calls(
  name: string,
  value: number,
  aim: number | null,
  against = "GitHub API calls for one decision",
): Figure {
  return { name, value, unit: "calls", against, spread: null, aim: aim === null ? null : atMost(aim) };
}

function bytes(name: string, value: number): Figure {
  return { name, value, unit: "bytes", against: "body, not compressed", spread: null, aim: null };
}
