import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Receipt } from "../src/domain/receipt.ts";
import { eventually } from "./support/app-world.ts";
import { REPO, startCommandWorld } from "./support/command-world.ts";
import { FILE, type Posted, startTargets, TARGETS, WEBHOOK_KEY } from "./support/notify-world.ts";
import { type AppWorldOptions, ledgerEntry } from "./support/open-app-world.ts";

const TIMEOUT = 60_000;
const GATED = "defaults:\n  approval:\n    above: 8\n";

const Body = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.looseObject({
    id: z.string(),
    sequence: z.int(),
    text: z.string(),
    changes: z.array(z.unknown()),
    subject: z.looseObject({ id: z.string(), url: z.string() }),
  }),
});

/** The app in a repository that has three targets told. */
async function startNotifyWorld(file = `${TARGETS}${GATED}`, options: AppWorldOptions = {}) {
  const targets = await startTargets();
  const world = await startCommandWorld({
    ...options,
    files: { [FILE]: file },
    environment: { ...targets.environment, ...options.environment },
    internals: { notifyEveryMs: 0, ...options.internals },
  });
  /** Every webhook, as the library of the specification has found it genuine. */
  const events = () => targets.hook.posts.map((posted) => verify(posted));
  const types = () => events().map(({ type }) => type);
  const texts = () =>
    targets.slack.posts.map(({ body }) => z.object({ text: z.string() }).parse(JSON.parse(body)).text);
  /** What a deploy job writes of the newest commit on the base branch. */
  const apply = async (pool: string, to: number, over: Partial<Receipt["pools"][number]> = {}) => {
    const [newest] = await world.github.readLog(REPO, "main");
    const commit = newest?.oid ?? "";
    const line = { pool, outcome: "applied" as const, from: 3, to, message: "", ...over };
    const isApplied = line.outcome === "applied";
    await world.publish({
      publishedAt: new Date().toISOString(),
      applied: { ...ledgerEntry().applied, ...(isApplied ? { [pool]: to } : {}) },
      commit,
      receipt: {
        ...{
          commit,
          covers: [commit],
          startedAt: new Date(Date.now() - 1000).toISOString(),
          durationSeconds: 1,
        },
        ...{ outcome: isApplied ? "applied" : "failed", pools: [line] },
        runUrl: runPage(world.github),
      },
    });
    await world.settled();
  };
  return { ...world, ...targets, events, types, texts, apply };
}

function runPage({ apiUrl }: { apiUrl: string }): string {
  return `${new URL(apiUrl).origin}/acme/infra/actions/runs/7`;
}

function verify({ headers, body }: Posted): z.infer<typeof Body> {
  return Body.parse(new Webhook(WEBHOOK_KEY).verify(body, headers));
}

describe("what is told", () => {
  it("of an alert over a threshold: opened, waiting, and once a person has approved, applied", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, github, settled, apply, events, texts, smtp, stackFile, hook } = await startNotifyWorld();
    const { results } = await post("/scale/web", { value: 10 });
    const number = results[0]?.pullRequest;
    await settled();
    expect(events().map(({ type }) => type)).toEqual(["scale.opened", "scale.waiting"]);
    await github.review(REPO, number ?? 0, { login: "bob", state: "APPROVED" });
    await eventually(stackFile, (text) => text?.includes('"10"') === true);
    await settled();
    expect(events()).toHaveLength(2);
    await apply("web", 10);

    const url = `${new URL(github.apiUrl).origin}/acme/infra/pull/${number}`;
    const title = `Scale pull request #${number} of acme/infra (shop.prod)`;
    expect(events()).toMatchObject([
      { type: "scale.opened", data: { text: "Opened: web 3 → 10, asked for by scale." } },
      {
        type: "scale.waiting",
        data: {
          text: "Waits for the approval of a person with write access: web 3 → 10, asked for by scale.",
        },
      },
      {
        type: "scale.applied",
        data: {
          subject: { id: `acme/infra#${number}`, title, url, pullRequest: number, name: "shop.prod" },
          changes: [{ name: "web", from: 3, to: 10 }],
          text: "Applied: web 3 → 10, asked for by scale, approved by bob.",
          runUrl: runPage(github),
        },
      },
    ]);
    const subjects = new Set(events().map(({ data }) => data.subject.id));
    expect(subjects.size).toBe(1);
    const sequence = events().map(({ data }) => data.sequence);
    expect(sequence).toEqual([...new Set(sequence)].toSorted((one, other) => one - other));
    expect(new Set(hook.posts.map(({ headers }) => headers["webhook-id"])).size).toBe(3);

    expect(texts()).toEqual([
      [
        `*<${url}|${title}>*`,
        "⏳ Opened: web 3 → 10, asked for by scale.",
        "✋ Waits for the approval of a person with write access: web 3 → 10, asked for by scale.",
      ].join("\n"),
      [
        `*<${url}|${title}>*`,
        `✅ Applied: web 3 → 10, asked for by scale, approved by bob. <${runPage(github)}|The run>`,
      ].join("\n"),
    ]);

    const [first, second, ...more] = smtp.mails;
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      recipients: ["ops@acme.example", "oncall@acme.example"],
      user: "scale:pass/word-of-mail",
      mail: { subject: `Scale pull request No. ${number} of acme/infra (shop.prod)` },
    });
    expect(first?.mail.text).toContain("Waits for the approval");
    expect(first?.mail.messageId).toMatch(/^<[0-9a-f]{32}@acme\.example>$/);
    expect(second?.mail).toMatchObject({
      subject: `Re: ${first?.mail.subject}`,
      inReplyTo: first?.mail.messageId,
      references: first?.mail.messageId,
    });
    expect(second?.mail.text).toContain("Applied: web 3 → 10");
    expect(github.violations).toEqual([]);
  });

  it("of a change in range: opened and applied, or that it has failed and why", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, settled, apply, events, types } = await startNotifyWorld(
      `${TARGETS}defaults: { onFailure: none }\n`,
    );
    await post("/scale/web", { value: 4 });
    await settled();
    await apply("web", 4, { outcome: "failed", message: "no quota" });
    expect(types()).toEqual(["scale.opened", "scale.failed"]);
    expect(events()[1]?.data.text).toBe("Not applied: web 3 → 4 (failed: no quota).");
    // It fails again in the same way, and then works.
    await apply("web", 4, { outcome: "failed", message: "no quota, still" });
    expect(types()).not.toContain("scale.applied");
    const before = types().filter((type) => type === "scale.failed").length;
    expect(before).toBe(1);
    await apply("web", 4);
    expect(types().at(-1)).toBe("scale.applied");
    expect(events().at(-1)?.data.subject.id).toBe(events()[0]?.data.subject.id);
  });

  it("of a pull request that takes a value back: opened, and that it waits for a person", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, settled, apply, events } = await startNotifyWorld();
    await post("/scale/web", { value: 4 });
    await settled();
    await apply("web", 4, { outcome: "failed", message: "no quota" });
    await settled();
    const [opened, failed, ...revert] = events();
    expect([opened?.type, failed?.type]).toEqual(["scale.opened", "scale.failed"]);
    expect(revert).toMatchObject([
      { type: "scale.opened", data: { changes: [{ name: "web", from: 4, to: 3 }] } },
      { type: "scale.waiting", data: { changes: [{ name: "web", from: 4, to: 3 }] } },
    ]);
    expect(revert[0]?.data.subject.id).not.toBe(opened?.data.subject.id);
  });

  it("of commits without a pull request, by their ids", { timeout: TIMEOUT }, async () => {
    const { post, settled, apply, events } = await startNotifyWorld(
      `${TARGETS}defaults: { delivery: direct }\n`,
    );
    const { results } = await post("/scale/web", { value: 4 });
    await settled();
    await apply("web", 4);
    const commit = results[0]?.commit;
    expect(events()).toMatchObject([
      { type: "scale.applied", data: { subject: { id: `acme/infra@${commit}`, pullRequest: null, commit } } },
    ]);
  });
});

describe("what is told to whom", () => {
  it("is what a target asks for: its kinds and its stacks", { timeout: TIMEOUT }, async () => {
    const { post, settled, types, texts, smtp } = await startNotifyWorld(
      `${TARGETS.replace("type: slack", "type: slack\n    kinds: [waiting]").replace("type: webhook", "type: webhook\n    kinds: [opened]").replace("type: email", "type: email\n    stacks: [shop.staging]")}${GATED}`,
    );
    await post("/scale/web", { value: 10 });
    await settled();
    expect(types()).toEqual(["scale.opened"]);
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).not.toContain("Opened");
    expect(smtp.mails).toEqual([]);
  });

  it("costs GitHub no call where nobody is to be told, or the app knows none of them", {
    timeout: TIMEOUT,
  }, async () => {
    const graphqlCalls = async (file: string, environment: Record<string, string>) => {
      const world = await startCommandWorld({
        ...{ files: { [FILE]: file }, environment, internals: { notifyEveryMs: 0 } },
      });
      await world.settled();
      const before = world.github.requests.length;
      await world.github.commit(REPO, { files: { "notes.md": "x" }, message: "notes", login: "alice" });
      await world.settled();
      const { replica, github } = world;
      await replica.stop();
      return github.requests.length - before;
    };
    const none = await graphqlCalls("paused: false\n", {});
    expect(await graphqlCalls(TARGETS, {})).toBe(none);
    expect(await graphqlCalls("paused: false\n", (await startTargets()).environment)).toBe(none);
    expect(await graphqlCalls(TARGETS, (await startTargets()).environment)).toBe(none + 1);
  });

  it("follows the repository file, and has nothing that was so before it named a target", {
    timeout: TIMEOUT,
  }, async () => {
    const { github, post, settled, apply, types, events } = await startNotifyWorld("paused: false\n");
    const setFile = async (text: string) => {
      // GitHub dates to the second.
      await sleep(1_100);
      await github.commit(REPO, { files: { [FILE]: text }, message: "settings", login: "alice" });
      await settled();
    };
    const move = async (pool: string, value: number) => {
      await post(`/scale/${pool}`, { value });
      await settled();
      await apply(pool, value);
    };
    await move("web", 4);
    await setFile(TARGETS);
    expect(types()).toEqual([]);
    await move("api", 4);
    const told = ["scale.opened", "scale.applied"];
    expect(types()).toEqual(told);
    await setFile("paused: false\n");
    await move("web", 5);
    await setFile(TARGETS);
    expect(types()).toEqual(told);
    await move("api", 6);
    expect(types()).toEqual([...told, ...told]);
    expect(events().at(-1)?.data.changes).toEqual([{ name: "api", from: 4, to: 6 }]);
  });
});

describe("what was told", () => {
  it("is not told again where the App is installed again", {
    timeout: TIMEOUT,
  }, async () => {
    const { app, post, settled, apply, github, installation, types } = await startNotifyWorld();
    await post("/scale/web", { value: 4 });
    await settled();
    await apply("web", 4);
    const told = ["scale.opened", "scale.applied"];
    expect(types()).toEqual(told);
    await sleep(1_100);
    installation.uninstall();
    await settled();
    github.installApp(app, "acme", "all");
    await settled();
    expect(types()).toEqual(told);
    await post("/scale/api", { value: 4 });
    await settled();
    expect(types()).toEqual([...told, "scale.opened"]);
  });

  it("is not told again: by further events, or after a restart", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, github, settled, apply, events, smtp, texts, replica, startReplica, app } =
      await startNotifyWorld();
    await post("/scale/web", { value: 4 });
    await settled();
    await apply("web", 4);
    expect(events()).toHaveLength(2);
    await github.commit(REPO, { files: { "notes.md": "x" }, message: "notes", login: "alice" });
    await settled();
    await replica.stop();
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`, "the-apps-own-webhook-secret");
    await github.commit(REPO, { files: { "notes.md": "y" }, message: "notes", login: "alice" });
    await github.webhooksIdle();
    await second.idle();
    expect([events().length, smtp.mails.length, texts().length]).toEqual([2, 2, 2]);
    // And what happens now is.
    await post("/scale/api", { value: 7 }, {}, second.url);
    await github.webhooksIdle();
    await second.idle();
    expect(events().length).toBe(3);
  });

  it("was missed while no app was running, and is told as soon as GitHub's deliveries show it", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, github, settled, apply, types, replica, startReplica, app } = await startNotifyWorld(
      undefined,
      { internals: { sweepFirstMs: 500, sweepEveryMs: 500 } },
    );
    await post("/scale/web", { value: 4 });
    await settled();
    expect(types()).toEqual(["scale.opened"]);
    await replica.stop();
    // GitHub dates to the second.
    await sleep(1_500);
    await apply("web", 4);
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`, "the-apps-own-webhook-secret");
    await eventually(types, (all) => all.includes("scale.applied"));
    await second.idle();
    expect(types()).toEqual(["scale.opened", "scale.applied"]);
    expect(github.violations).toEqual([]);
  });
});
