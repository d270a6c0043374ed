import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { Probot } from "probot";
import { describe, expect, it, onTestFinished } from "vitest";
import { type DeliveryAttempt, findMissed } from "../src/domain/missed-deliveries.ts";
import { ForgeError } from "../src/forge/forge.ts";
import { GitHubClients, UnthrottledOctokit } from "../src/forge/github-clients.ts";
import { GitHubHookDeliveries } from "../src/forge/github-hook-deliveries.ts";
import { type HookDeliveries, MissedDeliveries } from "../src/workflows/redeliver-missed.ts";
import { startForge } from "./forge/github-world.ts";

const NOW_MS = Date.parse("2026-01-07T12:00:00Z");
const MINUTE_MS = 60_000;

/** An attempt, so many minutes ago. */
function attempt(guid: string, minutesAgo: number, more: Partial<DeliveryAttempt> = {}): DeliveryAttempt {
  const atMs = NOW_MS - minutesAgo * MINUTE_MS;
  return {
    id: `${guid}@${minutesAgo}`,
    guid,
    event: "push",
    kind: "first",
    outcome: "failed",
    atMs,
    ...more,
  };
}

const again = { kind: "again" } as const;
const ok = { outcome: "accepted" } as const;

describe("findMissed", () => {
  it.each<[string, DeliveryAttempt[], string[]]>([
    ["one that failed", [attempt("a", 1)], ["a"]],
    ["none that arrived", [attempt("a", 1, ok)], []],
    ["none that arrived later", [attempt("a", 2, { ...again, ...ok }), attempt("a", 9)], []],
    ["none that arrived before", [attempt("a", 2, again), attempt("a", 9, ok)], []],
    ["one that failed twice, after a while", [attempt("a", 2, again), attempt("a", 9)], ["a"]],
    ["none that has just failed again", [attempt("a", 0.5, again), attempt("a", 9)], []],
    [
      "none that failed four times",
      [20, 30, 40].map((ago) => attempt("a", ago, again)).concat(attempt("a", 50)),
      [],
    ],
    ["none of more than an hour ago", [attempt("a", 61)], []],
    ["none whose beginning is not known", [attempt("a", 50, again)], []],
    [
      "comments first, then the oldest",
      [attempt("a", 1), attempt("b", 3), attempt("c", 2, { event: "issue_comment" })],
      ["c", "b", "a"],
    ],
  ])("finds %s", (_what, attempts, guids) => {
    expect(findMissed(attempts, NOW_MS).map(({ guid }) => guid)).toEqual(guids);
  });
});

/** GitHub with these attempts; what it is asked for never arrives. */
function deliveriesOf(attempts: DeliveryAttempt[], failing: { code: ForgeError["code"] } | null = null) {
  const reads: number[] = [];
  const asked: string[] = [];
  const deliveries: HookDeliveries = {
    readBack: async (sinceMs) => {
      reads.push(sinceMs);
      return { attempts: attempts.filter(({ atMs }) => atMs >= sinceMs), extent: "whole" };
    },
    redeliver: async (id) => {
      asked.push(id);
      if (failing !== null) throw new ForgeError(failing.code, "It does not work.");
    },
  };
  return { deliveries, reads, asked };
}

describe("MissedDeliveries", () => {
  it("asks for so many at once, and for the rest with the next pass", async () => {
    const attempts = Array.from({ length: 70 }, (_, index) => attempt(`e${index}`, 20));
    const { deliveries, asked } = deliveriesOf(attempts);
    const missed = new MissedDeliveries(deliveries, () => NOW_MS);
    const counts: number[] = [];
    for (let times = 0; times < 4; times++) {
      await missed.redeliver();
      counts.push(asked.length);
    }
    expect(counts).toEqual([30, 60, 70, 70]);
    expect(new Set(asked).size).toBe(70);
  });

  it("reads back an hour at first, then to what it has seen, and forgets none that failed before", async () => {
    let nowMs = NOW_MS;
    const attempts = [attempt("a", 10), attempt("b", 1, ok)];
    const { deliveries, reads, asked } = deliveriesOf(attempts);
    const missed = new MissedDeliveries(deliveries, () => nowMs);
    await missed.redeliver();
    nowMs += 5 * MINUTE_MS;
    await missed.redeliver();
    expect(reads).toEqual([NOW_MS - 60 * MINUTE_MS, NOW_MS - 3 * MINUTE_MS]);
    expect(asked).toEqual(["a@10", "a@10"]);
  });

  it("goes on where GitHub has forgotten one, and stops where GitHub asks to wait", async () => {
    const attempts = [attempt("a", 3), attempt("b", 2)];
    const forgotten = deliveriesOf(attempts, { code: "not-found" });
    const pass = await new MissedDeliveries(forgotten.deliveries, () => NOW_MS).redeliver();
    expect([pass.attempts, forgotten.asked]).toEqual([[], ["a@3", "b@2"]]);
    const busy = deliveriesOf(attempts, { code: "rate-limited" });
    await expect(new MissedDeliveries(busy.deliveries, () => NOW_MS).redeliver()).rejects.toThrow(ForgeError);
    expect(busy.asked).toEqual(["a@3"]);
  });
});

describe("GitHubHookDeliveries", () => {
  it("reads as many pages as it takes, and no more", { timeout: 60_000 }, async () => {
    let nowMs = NOW_MS;
    const { github, clients, app } = await startForge({}, { now: () => new Date(nowMs) });
    app.setWebhook("http://127.0.0.1:1/");
    const issue = await github.openIssue("acme/infra", { author: "alice", title: "Notes" });
    for (let count = 0; count < 250; count++) {
      nowMs += 1000;
      await github.comment("acme/infra", issue, { author: "alice", body: `${count}` });
    }
    await github.webhooksIdle();
    const deliveries = new GitHubHookDeliveries(clients);
    const calls = () => github.requests.filter(({ path }) => path.includes("/hook/deliveries")).length;
    const whole = await deliveries.readBack(0, 10);
    const comments = whole.attempts.filter(({ event }) => event === "issue_comment");
    expect([whole.extent, new Set(comments.map(({ guid }) => guid)).size, calls()]).toEqual([
      "whole",
      250,
      3,
    ]);
    expect(await deliveries.readBack(nowMs - 10_000, 10)).toMatchObject({ extent: "whole" });
    expect(calls()).toBe(4);
    const part = await deliveries.readBack(0, 2);
    expect([part.extent, part.attempts.length, calls()]).toEqual(["part", 200, 6]);
    expect(github.violations).toEqual([]);
  });

  it("asks for just the delivery, though its id is larger than what a number holds", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const item = `{"id":9007199254740993,"guid":"g","delivered_at":"2026-01-07T12:00:00Z","redelivery":false,"status_code":502,"event":"push"}`;
      response.writeHead(request.method === "GET" ? 200 : 202, {
        "content-type": "application/json; charset=utf-8",
      });
      response.end(request.method === "GET" ? `[${item}]` : "{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const { port } = server.address() as AddressInfo;
    const probot = new Probot({
      ...{ appId: 1, privateKey, secret: "a-webhook-secret", baseUrl: `http://127.0.0.1:${port}` },
      ...{ Octokit: UnthrottledOctokit, log: pino({ level: "silent" }) },
    });
    const deliveries = new GitHubHookDeliveries(new GitHubClients(probot, Date.now));
    const { attempts } = await deliveries.readBack(0, 1);
    expect(attempts).toEqual([
      { id: "9007199254740993", guid: "g", event: "push", kind: "first", outcome: "failed", atMs: NOW_MS },
    ]);
    await deliveries.redeliver("9007199254740993");
    expect(asked).toEqual([
      "GET /app/hook/deliveries?per_page=100",
      "POST /app/hook/deliveries/9007199254740993/attempts",
    ]);
  });
});
