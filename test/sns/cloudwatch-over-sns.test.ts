import { describe, expect, test } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { eventually } from "../support/app-world.ts";
import { TOKEN } from "../support/open-app-world.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { LISTED, startSnsWorld } from "./start-sns-world.ts";
import { TOPIC } from "./test-aws.ts";

const TIMEOUT = 60_000;

describe("CloudWatch over an SNS beside AWS's", () => {
  test.each(["1", "2"] as const)(
    "with signatures of version %s: subscribed, confirmed, one alarm, one commit",
    {
      timeout: TIMEOUT,
    },
    async (signatureVersion) => {
      const { sns, endpoint, stackFile, scaleCommits, own, github } = await startSnsWorld({
        signatureVersion,
      });
      const subscription = await sns.subscribe(TOPIC, endpoint("web"));
      expect(subscription.isConfirmed).toBe(true);
      await sns.publishRecorded(TOPIC, "metric-alarm");
      expect(await eventually(stackFile, (text) => text !== LISTED)).toBe(LISTED.replace('"3"', '"4"'));
      const [message = "", ...others] = await scaleCommits();
      expect(others).toEqual([]);
      expect(parseScaleCommit(message)?.scales).toMatchObject([
        { pool: "web", from: 3, to: 4, source: "cloudwatch" },
      ]);
      expect(message).toContain("workers-busy: Threshold Crossed");
      expect(sns.attempts.map(({ type, status }) => [type, status])).toEqual([
        ["SubscriptionConfirmation", 200],
        ["Notification", 200],
      ]);
      // The certificate once, and the confirmation.
      expect(sns.asked.map((path) => path.replace(/[-?].*/, ""))).toEqual([
        "/SimpleNotificationService",
        "/",
      ]);
      expect(own.process.lines.join("\n")).not.toContain(TOKEN);
      expect(github.violations).toEqual([]);
    },
  );

  test("the same change of state by two topics, and again, scales once", { timeout: TIMEOUT }, async () => {
    const other = `${TOPIC}-2`;
    const { sns, endpoint, stackFile, scaleCommits } = await startSnsWorld({
      files: { [PLACE.path]: `${LISTED}    - ${other}\n` },
    });
    await sns.subscribe(TOPIC, endpoint("web"));
    await sns.subscribe(other, endpoint("web"));
    const deliveries = [TOPIC, other, TOPIC, other].map((topic) =>
      sns.publishRecorded(topic, "metric-alarm"),
    );
    await Promise.all(deliveries);
    await eventually(stackFile, (text) => text?.includes('"4"') === true);
    await sns.publishRecorded(other, "metric-alarm");
    expect(await scaleCommits()).toHaveLength(1);
    expect(sns.deadLetters).toEqual([]);
  });

  test("a ladder of alarms sets an absolute pool by ?value", { timeout: TIMEOUT }, async () => {
    const rungs = [`${TOPIC}-5`, `${TOPIC}-12`, `${TOPIC}-18`];
    const list = rungs.map((topic) => `    - ${topic}\n`).join("");
    const { sns, endpoint, stackFile, scaleCommits } = await startSnsWorld({
      files: { [PLACE.path]: LISTED + list },
    });
    for (const topic of rungs)
      await sns.subscribe(topic, endpoint("api", `value=${topic.split("-").at(-1)}`));
    for (const topic of rungs) {
      const value = topic.split("-").at(-1);
      await sns.publishRecorded(topic, "metric-math", {
        AlarmArn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:backlog-${value}`,
      });
      await eventually(stackFile, (text) => text?.includes(`apiCount: ${value}\n`) === true);
    }
    expect((await scaleCommits()).map((message) => message.split("\n")[0])).toEqual([
      "scale(shop.prod): api 12 → 18",
      "scale(shop.prod): api 5 → 12",
      "scale(shop.prod): api 2 → 5",
    ]);
  });

  test("while GitHub is away SNS tries again, and the alarm scales once", { timeout: TIMEOUT }, async () => {
    const { sns, endpoint, stackFile, scaleCommits, github } = await startSnsWorld();
    await sns.subscribe(TOPIC, endpoint("web"), { numRetries: 200, minDelayMs: 50 });
    github.faults.add({ match: { path: /graphql|repos/ }, kind: "status", status: 502, times: 12 });
    await sns.publishRecorded(TOPIC, "metric-alarm");
    await eventually(stackFile, (text) => text !== LISTED);
    const statuses = sns.attempts.filter(({ type }) => type === "Notification").map(({ status }) => status);
    expect(statuses.slice(0, -1)).toContain(503);
    expect(statuses.slice(0, -1).every((status) => status === 503)).toBe(true);
    expect(statuses.at(-1)).toBe(200);
    expect(await scaleCommits()).toHaveLength(1);
  });

  test("a topic that is not listed is not confirmed, and once it is listed, it is", {
    timeout: TIMEOUT,
  }, async () => {
    const other = `${TOPIC}-2`;
    const { sns, endpoint, github, app, own } = await startSnsWorld();
    app.setWebhook(`${own.url}/api/github/webhooks`, "the-apps-own-webhook-secret");
    expect((await sns.subscribe(other, endpoint("web"))).isConfirmed).toBe(false);
    expect(sns.asked).toEqual([]);
    expect(sns.attempts.map(({ status }) => status)).toEqual([403]);
    await github.commit("acme/infra", {
      branch: "main",
      message: "a second topic",
      login: "alice",
      files: { [PLACE.path]: `${LISTED}    - ${other}\n` },
    });
    const confirmed = await eventually(
      () => sns.subscribe(other, endpoint("web")),
      ({ isConfirmed }) => isConfirmed,
    );
    expect(confirmed.isConfirmed).toBe(true);
  });

  test("a stack without a list takes nothing, and says how to set it", { timeout: TIMEOUT }, async () => {
    const { sns, endpoint, own, scaleCommits } = await startSnsWorld({
      files: { [PLACE.path]: STACK_FILE },
    });
    expect((await sns.subscribe(TOPIC, endpoint("web"))).isConfirmed).toBe(false);
    const why = () => own.process.lines.filter((line) => line.includes('"status":403')).join("\n");
    await expect
      .poll(why, { timeout: 10_000 })
      .toContain("pulumi config set --path 'pulumiscale:sns-topics[0]'");
    expect([sns.asked, await scaleCommits()]).toEqual([[], []]);
  });

  test("an ended subscription is left ended", { timeout: TIMEOUT }, async () => {
    const { sns, endpoint } = await startSnsWorld();
    const subscription = await sns.subscribe(TOPIC, endpoint("web"));
    await sns.unsubscribe(subscription);
    expect(sns.attempts.map(({ type, status }) => [type, status])).toEqual([
      ["SubscriptionConfirmation", 200],
      ["UnsubscribeConfirmation", 200],
    ]);
    expect(sns.asked.filter((path) => path.includes("ConfirmSubscription"))).toHaveLength(1);
  });
});
