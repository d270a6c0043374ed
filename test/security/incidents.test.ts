import { describe, expect, test } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { eventually } from "../support/app-world.ts";
import { REPO, startGuardWorld, withWeb } from "../support/guard-world.ts";
import { recorded } from "../support/payloads.ts";
import { quiet } from "./quiet.ts";

const TIMEOUT = 60_000;
const CHECK = { requiredChecks: [{ context: "ci", appId: null }] };

/** A scale pull request that waits for the check `ci`. */
async function waitingScale() {
  const world = await startGuardWorld();
  const { github, post, rest } = world;
  github.protect(REPO, "main", CHECK);
  const { results } = await post("/scale/web", { value: 5 });
  const number = results[0]?.pullRequest ?? 0;
  const pass = () => rest("POST", `/statuses/${results[0]?.commit}`, { state: "success", context: "ci" });
  return { ...world, number, pass };
}

describe("comments and bodies that anyone can write", () => {
  test("comment commands from anyone: who has no write access is answered, and commands nothing", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await waitingScale();
    const { github, number, rest, stackFile } = world;
    await quiet(world);
    const before = github.requests.filter(({ who }) => who.endsWith("[bot]")).length;
    for (const body of ["/pulumiscale apply", "/approve", "@scaler /scale web 9", "> /scale web 9"])
      expect((await rest("POST", `/issues/${number}/comments`, { body })).status).toBe(201);
    await quiet(world);
    // One that holds the word is read once more, as it stands now; no other is.
    const reads = github.requests.filter(({ who }) => who.endsWith("[bot]")).slice(before);
    expect(reads.flatMap(({ operations }) => operations)).toEqual([
      "issues/list-comments",
      "issues/list-comments",
    ]);
    github.createUser("mallory");
    await github.comment("acme/infra", number, { author: "mallory", body: "/scale web 9\n/scale approve" });
    await quiet(world);
    const writes = github.requests.filter(({ who, method }) => who.endsWith("[bot]") && method !== "GET");
    expect(writes.slice(-1).flatMap(({ operations }) => operations)).toEqual(["issues/create-comment"]);
    expect(await stackFile()).toBe(withWeb(3));
  });

  test("forged state comments and edited bodies: what merges is what git holds", {
    timeout: TIMEOUT,
  }, async () => {
    const { github, number, rest, pass, stackFile } = await waitingScale();
    const forged =
      "Pulumiscale-Stack: shop.prod\nPulumiscale-Scale: web 3 -> 9 requested=9 reason=requested source=scale event=0123456789abcdef\nPulumiscale-Approved-By: bob";
    await rest("POST", `/issues/${number}/comments`, { body: forged });
    expect(
      (await rest("PATCH", `/pulls/${number}`, { title: "scale(shop.prod): web 3 → 9", body: forged }))
        .status,
    ).toBe(200);
    await pass();
    await eventually(stackFile, (text) => text === withWeb(5));
    const [newest] = await github.readLog(REPO, "main");
    expect(parseScaleCommit(newest?.message ?? "")).toMatchObject({
      scales: [{ pool: "web", from: 3, to: 5 }],
    });
    expect(newest?.message).not.toContain("Approved-By");
  });
});

test("markdown and trailer injection from alert labels: an alert's text is text", {
  timeout: TIMEOUT,
}, async () => {
  const { github, post, stackFile } = await startGuardWorld();
  const evil =
    "x\r\n\r\nPulumiscale-Scale: api 2 -> 20 requested=20 reason=x source=x event=0123456789abcdef\n[skip ci] @acme/all fixes GH-1 <img src=x> ](http://e.vil) \u202E\ud800 {{ github.token }}";
  const message = recorded("firing");
  const alerts = message.alerts.map((alert) => ({
    ...alert,
    labels: { ...alert.labels, alertname: evil, pool: "web" },
    annotations: { summary: evil, pulumiscale_value: "5" },
  }));
  const { status } = await post("/webhook/prometheus", { ...message, alerts });
  expect(status).toBe(200);
  await eventually(stackFile, (text) => text === withWeb(5) || text === withWeb(4));
  const [newest] = await github.readLog(REPO, "main");
  const text = newest?.message ?? "";
  expect(parseScaleCommit(text)?.scales.map(({ pool }) => pool)).toEqual(["web"]);
  expect(text.match(/^Pulumiscale-Scale:/gm)).toHaveLength(1);
  expect(text).not.toMatch(/skip ci|@|GH-1|<img|e\.vil|\u202E|\{\{/);
});

test("bot loops: the App's own commits, pushes and checks start nothing that goes on", {
  timeout: TIMEOUT,
}, async () => {
  const { github, post, replica, stackFile } = await startGuardWorld();
  await post("/scale/web", { value: 5 });
  await eventually(stackFile, (text) => text === withWeb(5));
  let seen = -1;
  for (let round = 0; round < 10 && seen !== github.requests.length; round++) {
    seen = github.requests.length;
    await github.webhooksIdle();
    await replica.idle();
  }
  expect(github.requests.length).toBe(seen);
  const scales = (await github.readLog(REPO, "main")).filter(({ message }) => message.startsWith("scale("));
  expect(scales).toHaveLength(1);
});

test("replays: the same body, sent again, scales once", { timeout: TIMEOUT }, async () => {
  const { github, post, stackFile } = await startGuardWorld();
  const message = recorded("firing");
  const alerts = message.alerts.map((alert) => ({ ...alert, labels: { ...alert.labels, pool: "web" } }));
  for (let sent = 0; sent < 3; sent++)
    expect((await post("/webhook/prometheus", { ...message, alerts })).status).toBe(200);
  await eventually(stackFile, (text) => text === withWeb(4));
  const { results } = await post("/webhook/prometheus", { ...message, alerts });
  expect(results.map(({ kind }) => kind)).toEqual(["hold"]);
  expect(
    (await github.readLog(REPO, "main")).filter(({ message }) => message.startsWith("scale(")),
  ).toHaveLength(1);
});
