import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { parseScaleCommit } from "../src/domain/scale-commit.ts";
import { startApp } from "../src/main.ts";
import { readSettings } from "../src/settings.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { startGuardWorld } from "./support/guard-world.ts";
import { OLD_SERVER, OPTIONAL_FIELDS } from "./support/old-server.ts";
import { type AppWorld, type AppWorldOptions, ledgerEntry } from "./support/open-app-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { recordedLogger } from "./support/recorded-logger.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

const REPO = "acme/infra";
const BRANCH = "scale/shop.prod";
const GATED = "scale-approval/shop.prod/web";
const POOL = { targetUrn: "urn:web", configKey: "webCount", strategy: "incremental", min: 1, max: 10 };
const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);
const settings = (text: string) => ({ ".github/pulumiscale.yml": text });
const gate = settings("stacks:\n  shop.prod:\n    approval: { above: 5 }\n");

async function start(options: AppWorldOptions = {}): Promise<AppWorld> {
  const world = await startAppWorld({ github: OLD_SERVER, ...options });
  world.github.createUser("bob");
  world.github.addCollaborator(REPO, "bob", "write");
  world.github.createUser("rita");
  world.github.addCollaborator(REPO, "rita", "read");
  return world;
}

async function settled({ github, replica }: AppWorld): Promise<void> {
  await github.webhooksIdle();
  await replica.idle();
  await github.webhooksIdle();
}

async function nudge(world: AppWorld, branch: string, context = "nudge"): Promise<void> {
  const oid = await world.github.readRef(REPO, `refs/heads/${branch}`);
  await asPerson(world.github, "alice")("POST", `/statuses/${oid}`, { state: "success", context });
  await settled(world);
}

/** The REST operations and GraphQL fields that GitHub was asked for meanwhile. */
async function operationsOf(world: AppWorld, work: () => Promise<unknown>): Promise<string[]> {
  const before = world.github.requests.length;
  await work();
  await settled(world);
  return world.github.requests.slice(before).flatMap(({ operations }) => operations);
}

const isScaled = (world: AppWorld, web: number) =>
  eventually(world.stackFile, (text) => text === scaled(web));

/** Writes the head of a branch anew under the same author, as whoever may push can. */
async function rewrite(world: AppWorld, branch: string, change: (message: string) => string): Promise<void> {
  const [ours] = await world.github.readLog(REPO, branch);
  const alice = asPerson(world.github, "alice");
  const tree = z.object({ tree: z.object({ sha: z.string() }) });
  const { sha } = tree.parse(await alice("GET", `/git/commits/${ours?.oid}`)).tree;
  const { parents, author } = ours ?? {};
  const commit = { message: change(ours?.message ?? ""), tree: sha, parents, author, committer: author };
  const made = z.object({ sha: z.string() }).parse(await alice("POST", "/git/commits", commit));
  await alice("PATCH", `/git/refs/heads/${branch}`, { sha: made.sha, force: true });
}

describe("on an Enterprise Server that lacks all that can be done without", { timeout: 60_000 }, () => {
  it("a demand becomes one merged commit, and what is lacking is asked for once", async () => {
    const log = recordedLogger();
    const world = await start({ log: log.logger });
    const { github, post } = world;
    const first = await operationsOf(world, async () => {
      const { status, results } = await post("/scale/web", { value: 5 });
      expect([status, results[0]?.delivery]).toEqual([200, "pull-request"]);
      await isScaled(world, 5);
    });
    expect(first).toEqual(expect.arrayContaining(["git/create-commit", "git/create-ref", "pulls/merge"]));
    const [newest] = await github.readLog(REPO, "main");
    expect(parseScaleCommit(newest?.message ?? "")?.scales).toMatchObject([{ pool: "web", from: 3, to: 5 }]);
    const told = () =>
      log.lines().flatMap(({ lacks, instead }) => (lacks === undefined ? [] : [{ lacks, instead }]));
    expect(told()).toContainEqual({
      lacks: "Mutation.updateRefs",
      instead: "branches are moved through REST, each compared right before",
    });
    const before = told().length;
    const second = await operationsOf(world, async () => {
      await post("/scale/api", { value: 7 });
      await eventually(world.stackFile, (text) => text?.includes("7") === true);
    });
    expect(second.filter((name) => /updateRefs|createCommitOnBranch/.test(name))).toEqual([]);
    expect(told()).toHaveLength(before);
    expect(new Set(told().map(({ lacks }) => lacks)).size).toBe(before);
    expect(github.violations).toEqual([]);
  });

  it("a change is committed directly, on the head that was read and no other", async () => {
    const world = await start({ files: settings("defaults:\n  delivery: direct\n") });
    const { github, post } = world;
    // Somebody pushes between our read and our write.
    const stop = github.onRequest(async ({ phase, request }) => {
      if (phase !== "received" || !request.operations.includes("git/update-ref")) return;
      stop();
      await github.commit(REPO, { login: "alice", message: "by hand", files: { "note.txt": "hello\n" } });
    });
    const { results } = await post("/scale/web", { value: 7 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 7, delivery: "direct" });
    expect(await world.stackFile()).toBe(scaled(7));
    expect(await github.readFile(REPO, "note.txt")).toBe("hello\n");
    expect(results[0]?.commit).toBe(await github.readRef(REPO, "main"));
    expect(github.violations).toEqual([]);
  });

  it("what a branch's rules refuse is not taken for a lost race", async () => {
    const world = await start({ files: settings("defaults:\n  delivery: direct\n") });
    world.github.protect(REPO, "main", { requirePullRequest: true });
    const { status, answer } = await world.post("/scale/web", { value: 7 });
    expect(status).toBe(503);
    expect(JSON.stringify(answer)).toContain("check the App's permissions and the branch's rules");
  });

  it("a larger scale-out replaces what waits for a check, and merges with its own words", async () => {
    const world = await start();
    const { github, post } = world;
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await post("/scale/web", { value: 5 });
    const larger = await post("/scale/web", { value: 9 });
    expect(larger.results[0]).toMatchObject({ kind: "scale", to: 9, pullRequest: 1 });
    expect(await github.readFile(REPO, PLACE.path, BRANCH)).toBe(scaled(9));
    await settled(world);
    expect(await readNotes(github, 1)).toEqual([
      expect.stringContaining("this GitHub server has no auto-merge"),
    ]);
    await nudge(world, BRANCH, "ci");
    await isScaled(world, 9);
    const [newest] = await github.readLog(REPO, "main");
    expect(parseScaleCommit(newest?.message ?? "")?.scales).toMatchObject([{ from: 3, to: 9 }]);
    expect(github.violations).toEqual([]);
  });

  it("a pull request that is behind a strict base is made anew on its head", async () => {
    const world = await start();
    const { github, post } = world;
    const requiredChecks = [{ context: "ci", appId: null }];
    github.protect(REPO, "main", { requiredChecks, strict: true });
    await post("/scale/web", { value: 5 });
    await settled(world);
    github.protect(REPO, "main", null);
    await github.commit(REPO, { login: "alice", message: "by hand", files: { "note.txt": "hello\n" } });
    github.protect(REPO, "main", { requiredChecks, strict: true });
    await nudge(world, BRANCH);
    const [head] = await github.readLog(REPO, BRANCH);
    expect(head?.parents).toEqual([await github.readRef(REPO, "main")]);
    await nudge(world, BRANCH, "ci");
    await isScaled(world, 5);
  });

  it("a gated change merges by the approval of somebody who may write, and of nobody else", async () => {
    const world = await start({ files: gate });
    const { github, post } = world;
    const { results } = await post("/scale/web", { value: 8 });
    expect(results[0]).toMatchObject({ delivery: "needs-approval", pullRequest: 1 });
    await github.review(REPO, 1, { login: "rita", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await readNotes(github, 1)).toEqual([
      expect.stringContaining("rita approved it, but has no write"),
    ]);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await isScaled(world, 8);
    const [newest] = await github.readLog(REPO, "main");
    expect(parseScaleCommit(newest?.message ?? "")?.approvedBy).toBe("bob");
    expect(github.violations).toEqual([]);
  });

  it("a gated change is made anew, with a new mark, when its value has moved", async () => {
    const world = await start({ files: gate });
    const { github, post } = world;
    await post("/scale/web", { value: 8 });
    const first = await github.readRef(REPO, `refs/heads/${GATED}`);
    await github.commit(REPO, { files: { [PLACE.path]: scaled(4) }, message: "by hand", login: "alice" });
    await nudge(world, GATED);
    expect(await github.readRef(REPO, `refs/heads/${GATED}`)).not.toBe(first);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await isScaled(world, 8);
  });

  it.each([
    ["other words", (message: string) => message.replace("Requested-By: scale", "Requested-By: nobody")],
    ["the same words", (message: string) => `${message}\n`],
  ])(
    "a gated change that a person has rewritten under our name with %s is left to persons",
    async (_, change) => {
      const world = await start({ files: gate });
      const { github, post } = world;
      await post("/scale/web", { value: 8 });
      await rewrite(world, GATED, change);
      await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
      await settled(world);
      expect(await world.stackFile()).toBe(STACK_FILE);
      expect(await readNotes(github, 1)).toEqual([expect.stringContaining("Somebody has pushed")]);
    },
  );

  it("the mark of one branch is none on another", async () => {
    const world = await start({ files: gate });
    const { github, post } = world;
    await post("/scale/web", { value: 8 });
    const alice = asPerson(github, "alice");
    const body = z.object({ body: z.string() }).parse(await alice("GET", "/pulls/1")).body;
    expect(body).toMatch(/^<!-- pulumiscale:head [0-9a-f]{64} -->\n/);
    await alice("PATCH", "/pulls/1", { body: body.replace(/[0-9a-f]{64}/, "0".repeat(64)) });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });

  it("what is over is closed, with a reason", async () => {
    const world = await start({ files: gate });
    const { github, post } = world;
    await post("/scale/web", { value: 8 });
    await github.commit(REPO, { files: { [PLACE.path]: scaled(8) }, message: "by hand", login: "alice" });
    await nudge(world, GATED);
    expect(await github.listBranches(REPO)).not.toContain(GATED);
    expect(await readNotes(github, 1)).toEqual([expect.stringContaining("The value is 8 already")]);
    expect(github.violations).toEqual([]);
  });

  it("one replica of two scales, for one event and on a branch that is there already", async () => {
    const world = await start();
    const { github, post, startReplica, replica, publish } = world;
    const second = await startReplica();
    const both = (value: number) =>
      Promise.all([replica.url, second.url].map((url) => post("/scale/api", { value }, {}, url)));
    for (const value of [5, 9, 14]) {
      const answers = await both(value);
      for (const { status } of answers) expect([200, 503]).toContain(status);
      await eventually(world.stackFile, (text) => text?.includes(`apiCount: ${value}`) === true);
      await settled(world);
      await publish({ applied: { web: 3, api: value } });
      await settled(world);
    }
    const log = await github.readLog(REPO, "main", PLACE.path);
    const values = log.flatMap(({ message }) => parseScaleCommit(message)?.scales.map(({ to }) => to) ?? []);
    expect(values).toEqual([14, 9, 5]);
    expect(github.violations).toEqual([]);
  });

  it("the guard waits for an approval by somebody who may write, and passes what the App has made", async () => {
    const above = settings("stacks:\n  shop.prod:\n    approval: { above: 6 }\n");
    const world = await startGuardWorld({ github: OLD_SERVER, files: above });
    const { github, open, reported, post } = world;
    const { number, head } = await open({ [PLACE.path]: scaled(9) });
    await reported(head, "in_progress");
    await github.review(REPO, number, { login: "rita", state: "APPROVED" });
    await settled(world);
    await reported(head, "in_progress");
    await github.review(REPO, number, { login: "bob", state: "APPROVED" });
    await reported(head, "success");
    github.protect(REPO, "main", {
      requiredChecks: [{ context: "pulumiscale/guard", appId: world.app.appId }],
    });
    await post("/scale/web", { value: 8 });
    await github.review(REPO, 2, { login: "carol", state: "APPROVED" });
    await isScaled(world, 8);
    expect(github.violations).toEqual([]);
  });
});

describe("on an Enterprise Server without OIDC", { timeout: 60_000 }, () => {
  /** No issuer is named, so it is the server's own, which is not there. */
  const environment = { PULUMISCALE_OIDC_ISSUER: "" };

  it("an entry that is not signed scales nothing, and the answer says what to set", async () => {
    const { post, stackFile, putEntry } = await startAppWorld({ github: OLD_SERVER, environment });
    const ask = async () => JSON.stringify((await post("/scale/web", { value: 5 })).answer);
    expect(await ask()).toMatch(
      /the keys of http:\/\/127\.0\.0\.1:\d+\/_services\/token cannot be read; where this GitHub has no OIDC, set `ledger: trust-writers`/,
    );
    await putEntry(ledgerEntry());
    await eventually(ask, (answer) => /has no attestation.*or set `ledger: trust-writers`/.test(answer));
    expect(await stackFile()).toBe(STACK_FILE);
  });

  it("it counts where the repository trusts its writers", async () => {
    const files = settings("ledger: trust-writers\n");
    const world = await startAppWorld({ github: OLD_SERVER, environment, files });
    await world.putEntry(ledgerEntry());
    await settled(world);
    await world.post("/scale/web", { value: 5 });
    await isScaled(world, 5);
  });
});

it("an app that reaches GitHub through a proxy with a path of its own does all there", {
  timeout: 60_000,
}, async () => {
  const world = await start();
  const { github, environment, post } = world;
  await world.replica.stop();
  const proxy = createServer((incoming, answer) => {
    const { method, headers, url: path = "" } = incoming;
    const forwarded = request(github.url + path.replace(/^\/ghe/, ""), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    if (path.startsWith("/ghe/")) incoming.pipe(forwarded);
    else forwarded.destroy();
    forwarded.on("error", () => answer.writeHead(404).end());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void proxy.close());
  const proxied = { ...environment, GITHUB_API_URL: `http://127.0.0.1:${portOf(proxy)}/ghe/api/v3/` };
  const app = await startApp(readSettings(proxied), pino({ level: "silent" }));
  onTestFinished(() => app.stop());
  const url = `http://127.0.0.1:${app.port}`;
  await eventually(
    async () => (await fetch(`${url}/readyz`)).status,
    (status) => status === 200,
  );
  const { status, results } = await post("/scale/web", { value: 5 }, {}, url);
  expect([status, results[0]?.kind]).toEqual([200, "scale"]);
  await isScaled(world, 5);
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("on an Enterprise Server that lacks one thing", { timeout: 60_000 }, () => {
  it.each(OPTIONAL_FIELDS)("%s: scales in range, and above the threshold once approved", async (field) => {
    const contract = { web: { ...POOL, cooldown: 0 } };
    const world = await start({ github: { enterprise: { missingFields: [field] } }, files: gate, contract });
    const { github, post } = world;
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    github.changeSettings(REPO, { allow_auto_merge: true });
    await post("/scale/web", { value: 4 });
    await post("/scale/web", { value: 5 });
    await settled(world);
    const note = expect.stringContaining("(this GitHub server has no auto-merge)");
    expect(await readNotes(github, 1)).toEqual(/auto-?merge/i.test(field) ? [note] : []);
    await nudge(world, BRANCH, "ci");
    await isScaled(world, 5);
    github.protect(REPO, "main", null);
    await world.publish({ pools: contract, applied: { web: 5 } });
    await settled(world);
    await post("/scale/web", { value: 8 });
    await github.review(REPO, 2, { login: "bob", state: "APPROVED" });
    await isScaled(world, 8);
    expect(github.violations).toEqual([]);
  });
});
