import { expect, it } from "vitest";
import { z } from "zod";
import type { GitHubStandIn } from "./github/github-stand-in.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock, REPO, startCommandWorld } from "./support/command-world.ts";
import { type AppWorldOptions, ledgerEntry } from "./support/open-app-world.ts";

const TIMEOUT = 60_000;
const FILE = ".github/pulumiscale.yml";
const WANTED = "statusIssue: true\n";

const Issues = z.array(
  z.object({
    number: z.int(),
    pull_request: z.unknown().optional(),
    title: z.string(),
    state: z.string(),
    body: z
      .string()
      .nullable()
      .transform((body) => body ?? ""),
    labels: z.array(z.object({ name: z.string() })),
    user: z.object({ login: z.string() }),
  }),
);
const Pinned = z.object({
  data: z.object({ repository: z.object({ issue: z.object({ isPinned: z.boolean() }) }) }),
});

async function readIsPinned(github: GitHubStandIn, number: number): Promise<boolean> {
  const query = `{ repository(owner: "acme", name: "infra") { issue(number: ${number}) { isPinned } } }`;
  const response = await fetch(github.graphqlUrl, {
    method: "POST",
    headers: { authorization: `bearer ${github.issueToken({ kind: "user", login: "alice" })}` },
    body: JSON.stringify({ query }),
  });
  return Pinned.parse(await response.json()).data.repository.issue.isPinned;
}

/** The app in a repository that wants a status issue, and what there is of it. */
async function startStatusWorld(options: AppWorldOptions = {}, file = WANTED) {
  const files = { [FILE]: file, ...options.files };
  const world = await startCommandWorld({ internals: { statusEveryMs: 0 }, ...options, files });
  const { github, settled } = world;
  /** Every issue that the App has made, oldest first. */
  const issues = async () => {
    await settled();
    const all = Issues.parse(await asPerson(github, "alice")("GET", "/issues?state=all&direction=asc"));
    return all.filter(({ user, pull_request }) => user.login === world.app.botLogin && !pull_request);
  };
  const issue = async () => {
    const [first] = await issues();
    if (first === undefined) throw new Error("there is no status issue");
    return first;
  };
  const row = async (pool: string) =>
    (await issue()).body.split("\n").find((line) => line.startsWith(`| \`shop.prod/${pool}\``)) ?? "";
  const setFile = async (text: string) => {
    await github.commit(REPO, { files: { [FILE]: text }, message: "settings", login: "alice" });
    await settled();
  };
  /** News that changes nothing. */
  const push = async () => {
    await github.commit(REPO, {
      files: { "notes.md": `${Math.random()}` },
      message: "notes",
      login: "alice",
    });
    await settled();
  };
  return { ...world, issues, issue, row, setFile, push };
}

it("is made only where it is wanted", { timeout: TIMEOUT }, async () => {
  const { issues, ask, setFile } = await startStatusWorld({}, "paused: false\n");
  await ask("/scale web 4");
  expect(await issues()).toEqual([]);
  await setFile(WANTED);
  expect(await issues()).toHaveLength(1);
});

it("is made once, with its label and a pin, and shows how all pools stand", {
  timeout: TIMEOUT,
}, async () => {
  const { github, issues, push, replica, startReplica } = await startStatusWorld();
  const [only, ...more] = await issues();
  expect(more).toEqual([]);
  expect(only).toMatchObject({ state: "open", labels: [{ name: "pulumiscale-status" }] });
  expect(await readIsPinned(github, only?.number ?? 0)).toBe(true);
  expect(only?.body).toContain(
    "| `shop.prod/api` | 2 | 2 | 1–20 |  |  |  |  |\n| `shop.prod/web` | 3 | 3 | 1–10 |",
  );
  expect(only?.body).toContain("`/scale help` lists them all");
  const edits = github.requests.filter(({ method }) => method === "PATCH").length;
  await push();
  await replica.stop();
  const second = await startReplica();
  await second.idle();
  expect(await issues()).toEqual([only]);
  expect(github.requests.filter(({ method }) => method === "PATCH")).toHaveLength(edits);
  expect(github.violations).toEqual([]);
});

it("follows a scale, what waits, a pause and its end", { timeout: TIMEOUT }, async () => {
  const { ask, row, post } = await startStatusWorld({}, `${WANTED}defaults:\n  approval:\n    above: 8\n`);
  await ask("/scale web 5");
  expect(await row("web")).toMatch(
    /^\| `shop.prod\/web` \| 5 \| 3 \| 1–10 \|.*\| 3 → 5 by alice \(#\d+\) \|$/,
  );
  const { results } = await post("/scale/api", { value: 12 });
  expect(await row("api")).toContain(`| 12 (#${results[0]?.pullRequest}) waits for approval |`);
  await ask("/scale pause web in load test");
  expect(await row("web")).toContain(
    "| alice has paused scaling in of web until somebody resumes it (load test) |",
  );
  await ask("/scale resume web");
  expect(await row("web")).not.toContain("paused");
});

it("shows an apply that has failed, and nothing of what Pulumi and people say as anything but text", {
  timeout: TIMEOUT,
}, async () => {
  const hostile = "no quota | x |\n\n# Ha @acme/admins <img src=x> [here](https://evil.example) `y` fixes #1";
  const { ask, publish, row, issue } = await startStatusWorld();
  await publish({
    applied: { ...ledgerEntry().applied, web: 2 },
    receipt: {
      ...{ commit: "1".repeat(40), covers: [], startedAt: "2026-01-07T11:59:00.000Z", durationSeconds: 1 },
      ...{ outcome: "failed", runUrl: null },
      pools: [{ pool: "web", outcome: "failed", from: 2, to: 3, message: hostile }],
    },
  });
  await ask("/scale pause api for 2h | @acme/admins <!-- [x](https://evil.example) `");
  expect(await row("web")).toContain(
    "❗ failed: no quota x Ha acme/admins img src=x here ((link) y fixes 1 |",
  );
  expect(await row("api")).toContain("alice has paused api until");
  const { body } = await issue();
  expect(body).not.toMatch(/@|<|https|fixes #/);
  const cells = body.split("\n").filter((line) => line.startsWith("| `"));
  expect(cells.map((line) => line.split("|").length)).toEqual([10, 10]);
});

it("closed by a person it is left alone until they open it again", { timeout: TIMEOUT }, async () => {
  const { github, issue, issues, ask, row } = await startStatusWorld();
  const { number, body } = await issue();
  await github.close(REPO, number, "alice");
  await ask("/scale web 5");
  expect(await issues()).toMatchObject([{ number, state: "closed", body }]);
  await github.reopen(REPO, number, "alice");
  await ask("/scale api 4");
  expect(await row("web")).toContain("| 5 | 3 |");
  expect(await issues()).toHaveLength(1);
});

it("a person's words in it are written over, their title is kept; one that is lost is made anew", {
  timeout: TIMEOUT,
}, async () => {
  const { github, issue, issues, push } = await startStatusWorld();
  const { number, body } = await issue();
  await github.changeIssue(REPO, number, { by: "alice", title: "Our pools", body: "mine now" });
  await push();
  expect(await issues()).toMatchObject([{ number, title: "Our pools", body }]);
  await github.changeIssue(REPO, number, { by: "alice", removeLabels: ["pulumiscale-status"] });
  await push();
  expect(await issues()).toMatchObject([{ number }, { state: "open", body }]);
});

it("not wanted any more it is closed and unpinned, and another one is made when it is wanted again", {
  timeout: TIMEOUT,
}, async () => {
  const { github, issue, issues, setFile } = await startStatusWorld();
  const { number, body } = await issue();
  await setFile("statusIssue: maybe\n");
  expect(await issues()).toMatchObject([{ state: "open" }]);
  await setFile("statusIssue: false\n");
  expect(await issues()).toMatchObject([{ number, state: "closed", labels: [] }]);
  expect(await readIsPinned(github, number)).toBe(false);
  await setFile(WANTED);
  expect(await issues()).toMatchObject([
    { number, state: "closed" },
    { state: "open", body },
  ]);
  expect(github.violations).toEqual([]);
});

it.each([
  ["set to `false`", "statusIssue: false\n"],
  ["taken away", null],
])(
  "that was %s while no app was running, it is closed with a sentence at the next start",
  {
    timeout: TIMEOUT,
  },
  async (_, text) => {
    const { github, issue, issues, replica, startReplica } = await startStatusWorld();
    const { number } = await issue();
    await replica.stop();
    await github.commit(REPO, { files: { [FILE]: text }, message: "settings", login: "alice" });
    const second = await startReplica();
    await second.idle();
    const body = "This is not kept up to date any more: `statusIssue` in `.github/pulumiscale.yml` is off.";
    expect(await issues()).toMatchObject([{ number, state: "closed", labels: [], body }]);
    expect(await readIsPinned(github, number)).toBe(false);
    expect(github.violations).toEqual([]);
  },
);

it("never wanted, it changes nothing at a start, and people's own issues of that label stay", {
  timeout: TIMEOUT,
}, async () => {
  const { github, issues, replica, startReplica, writesOfApp } = await startStatusWorld(
    {},
    "paused: false\n",
  );
  const theirs = await github.openIssue(REPO, {
    ...{ author: "alice", title: "Mine", labels: ["pulumiscale-status"] },
  });
  await replica.stop();
  const before = writesOfApp();
  const second = await startReplica();
  await second.idle();
  expect(writesOfApp()).toBe(before);
  expect(await issues()).toEqual([]);
  expect(await asPerson(github, "alice")("GET", `/issues/${theirs}`)).toMatchObject({ state: "open" });
});

it("is edited once a minute at most, and then shows the newest state", { timeout: TIMEOUT }, async () => {
  const { options, ahead } = movableClock();
  const { ask, row, push } = await startStatusWorld(options);
  expect(await row("web")).toContain("| 3 | 3 |");
  await ask("/scale api 5");
  await ask("/scale web 4");
  expect(await row("web")).toContain("| 3 | 3 |");
  ahead(1);
  await push();
  expect(await row("web")).toContain("| 4 | 3 |");
  expect(await row("api")).toContain("| 5 | 2 |");
});
