import { describe, expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { REPO, startCommandWorld } from "./support/command-world.ts";
import { HOSTILE } from "./support/notification.ts";
import {
  FILE,
  SLACK_PATH,
  startReceiver,
  startSilentServer,
  startTargets,
  TARGETS,
  WEBHOOK_KEY,
} from "./support/notify-world.ts";
import { firingWith } from "./support/payloads.ts";
import { recordedLogger } from "./support/recorded-logger.ts";

const TIMEOUT = 60_000;
const MAIL_PASSWORD = "a-mail-password-0123";
const FAST = { tryMs: 500, againMs: [10, 10], stopMs: 100 };

/** An app whose targets all fail, each in its way. */
async function startFailingWorld(sendWaits: object) {
  const log = recordedLogger();
  const slack = await startReceiver((response) => response.writeHead(500).end("no"));
  const elsewhere = await startReceiver();
  const hook = await startReceiver((response) =>
    response.writeHead(308, { location: `${elsewhere.url}/stolen` }).end(),
  );
  const mail = await startSilentServer();
  const environment = {
    PULUMISCALE_SLACK_URL_OPS: `${slack.url}${SLACK_PATH}`,
    PULUMISCALE_SMTP_URL_PEOPLE: `smtp://scale:${MAIL_PASSWORD}@127.0.0.1:${mail.port}`,
    PULUMISCALE_WEBHOOK_URL_AUDIT: `${hook.url}/hooks/secret-path-of-audit`,
    PULUMISCALE_WEBHOOK_KEY_AUDIT: WEBHOOK_KEY,
  };
  const world = await startCommandWorld({
    ...{ files: { [FILE]: TARGETS }, environment, log: log.logger },
    internals: { notifyEveryMs: 0, sendWaits },
  });
  return { ...world, log, slack, hook, elsewhere, mail };
}

describe("targets that fail", () => {
  it("never hinder a scale, are told of without a secret, and are given up", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, settled, stackFile, log, slack, hook, elsewhere } = await startFailingWorld(FAST);
    const { results } = await post("/scale/web", { value: 4 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 4 });
    await eventually(stackFile, (text) => text?.includes('"4"') === true);
    await settled();
    const given = log.lines().filter(({ msg }) => msg === "a notification could not be sent");
    expect(given.map(({ target, why }) => `${target}: ${why}`).toSorted()).toEqual([
      "email people of acme/infra: no answer came in time, after 3 tries",
      "slack ops of acme/infra: it answered 500, after 3 tries",
      "webhook audit of acme/infra: it answered 308, and redirects are not followed",
    ]);
    expect([slack.posts.length, hook.posts.length, elsewhere.posts.length]).toEqual([3, 1, 0]);
    const secrets = [SLACK_PATH, "secret-path-of-audit", MAIL_PASSWORD, WEBHOOK_KEY, WEBHOOK_KEY.slice(6)];
    for (const secret of secrets) expect(log.text()).not.toContain(secret);
  });

  it("that hang for long neither hold a scale nor the stop", { timeout: TIMEOUT }, async () => {
    const slow = { tryMs: 3_600_000, againMs: [3_600_000], stopMs: 100 };
    const { post, stackFile, github, replica, mail, log } = await startFailingWorld(slow);
    for (const value of [4, 5])
      expect((await post("/scale/api", { value })).results[0]).toMatchObject({ kind: "scale", to: value });
    await eventually(stackFile, (text) => text?.includes("apiCount: 5") === true);
    await github.webhooksIdle();
    await eventually(
      () => mail.sockets.size,
      (count) => count > 0,
    );
    // With an hour to wait for each, this ends at all only since the stop ends them.
    await replica.stop();
    expect(log.text()).toContain("a notification could not be sent");
    await expect.poll(() => mail.sockets.size).toBe(0);
  });
});

describe("GitHub that fails", () => {
  it("is looked at again without another event", { timeout: TIMEOUT }, async () => {
    const { hook, environment } = await startTargets();
    const log = recordedLogger();
    const { github, post, publish, settled } = await startCommandWorld({
      ...{ files: { [FILE]: `${TARGETS}defaults: { delivery: direct }\n` }, environment },
      ...{ internals: { notifyEveryMs: 100 }, log: log.logger },
    });
    await post("/scale/web", { value: 4 });
    await settled();
    const types = () => hook.posts.map(({ body }) => String(JSON.parse(body).type));
    github.faults.add({ match: { path: /graphql/ }, kind: "status", status: 502, times: 1_000 });
    await publish({ publishedAt: new Date().toISOString(), applied: { web: 4, api: 2 } });
    await eventually(log.text, (text) => text.includes("what is to be told could not be read"));
    expect(types()).toEqual([]);
    github.faults.clear();
    await eventually(types, (all) => all.includes("scale.applied"));
  });
});

describe("a repository that names targets", () => {
  it("the app has no addresses for is logged once, by the names of the settings", {
    timeout: TIMEOUT,
  }, async () => {
    const log = recordedLogger();
    const world = await startCommandWorld({ files: { [FILE]: TARGETS }, log: log.logger });
    await world.github.commit(REPO, { files: { [FILE]: `${TARGETS}# x\n` }, message: "x", login: "alice" });
    await world.settled();
    const lacking = log.lines().filter(({ msg }) => msg === "a target of notifications has no settings here");
    expect(lacking.map(({ target, lacking: names }) => [target, names])).toEqual([
      ["ops", ["PULUMISCALE_SLACK_URL_OPS"]],
      ["people", ["PULUMISCALE_SMTP_URL_PEOPLE"]],
      ["audit", ["PULUMISCALE_WEBHOOK_URL_AUDIT", "PULUMISCALE_WEBHOOK_KEY_AUDIT"]],
    ]);
  });
});

describe("text from outside", () => {
  it("that a sender, Pulumi and a ledger wrote reaches people as text alone", {
    timeout: TIMEOUT,
  }, async () => {
    const { slack, smtp, hook, environment } = await startTargets();
    const { post, settled, github, publish } = await startCommandWorld({
      ...{ files: { [FILE]: TARGETS }, environment, internals: { notifyEveryMs: 0 } },
    });
    const alert = firingWith({
      labels: { alertname: HOSTILE, pool: "web" },
      annotations: { summary: HOSTILE },
    });
    expect((await post("/webhook/web/prometheus", alert)).results[0]).toMatchObject({ kind: "scale", to: 4 });
    await settled();
    const [newest] = await github.readLog(REPO, "main");
    const commit = newest?.oid ?? "";
    await publish({
      publishedAt: new Date().toISOString(),
      receipt: {
        ...{ commit, covers: [commit], startedAt: new Date().toISOString(), durationSeconds: 0 },
        ...{ outcome: "failed", runUrl: `https://ci.example/|x>${HOSTILE}` },
        pools: [{ pool: "web", outcome: "failed", from: 3, to: 4, message: HOSTILE }],
      },
    });
    await settled();
    expect(smtp.mails.length).toBeGreaterThan(1);
    const texts = [
      ...slack.posts.map(({ body }) => String(JSON.parse(body).text).split("\n").slice(1).join("\n")),
      ...smtp.mails.map(
        ({ mail }) => mail.text?.replace(/^https?:\/\/127\.0\.0\.1:\d+\/acme\/infra\/pull\/\d+$/m, "") ?? "",
      ),
      ...hook.posts.map(({ body }) => String(JSON.parse(body).data.text)),
    ];
    expect(texts.join("\n")).toContain("Not applied: web 3 → 4 (failed: ");
    expect(texts.join("\n")).not.toMatch(/[<>@*`|#]|https?:/);
  });
});
