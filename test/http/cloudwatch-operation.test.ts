import { describe, expect, test } from "vitest";
import { TryAgainError } from "../../src/workflows/scaling.ts";
import type { RecordedName } from "../sns/recorded-envelope.ts";
import { signEnvelope } from "../sns/sign-envelope.ts";
import { CERTIFICATE_URL, TOPIC } from "../sns/test-aws.ts";
import { PROD, PROD_TOKEN } from "../support/http-server.ts";
import { resultsOf } from "../support/scale-results.ts";
import { PATH, startCloudwatchServer } from "./cloudwatch-server.ts";

async function problemOf(response: Response): Promise<{ status: number; detail: string; path?: string }> {
  const { detail, errors } = JSON.parse(await response.text());
  return { status: response.status, detail, path: errors?.[0]?.path };
}

describe("an alarm", () => {
  test("scales the pool of the URL by its step", async () => {
    await using it = await startCloudwatchServer();
    const response = await it.deliver(it.aws.signed("metric-alarm"));
    expect(response.status).toBe(200);
    expect(await resultsOf(response)).toMatchObject([
      { stack: "shop.prod", pool: "web", kind: "scale", to: 3 },
    ]);
    expect(it.scaling.asked).toEqual([
      {
        stackId: PROD.id,
        mode: "commit",
        intents: [
          {
            pool: "web",
            ask: { kind: "step" },
            source: "cloudwatch",
            requestedBy: "cloudwatch",
            event: expect.stringMatching(/^[0-9a-f]{16}$/),
            summary: expect.stringContaining(
              "workers-busy: Threshold Crossed: 2 out of the last 2 datapoints",
            ),
          },
        ],
      },
    ]);
    expect(it.aws.asked).toEqual([CERTIFICATE_URL]);
    expect(it.log.lines()).toMatchObject([
      { route: "/webhook/{pool}/cloudwatch", status: 200, sns: { type: "Notification", topic: TOPIC } },
    ]);
  });

  test.each<RecordedName>([
    "metric-alarm-version-2",
    "metric-alarm-without-subject",
    "metric-math",
    "anomaly-detection",
    "composite",
    "contributor",
  ])("%s is one like any other", async (name) => {
    await using it = await startCloudwatchServer();
    expect(await resultsOf(await it.deliver(it.aws.signed(name)))).toMatchObject([{ kind: "scale", to: 3 }]);
  });

  test("takes how much from the URL, also under /repos/…", async () => {
    await using it = await startCloudwatchServer();
    await it.deliver(it.aws.signed("metric-alarm"), `${PATH}?value=8`);
    await it.deliver(
      it.aws.signed("metric-alarm"),
      "/repos/acme/infra/shop.prod/webhook/workers/cloudwatch?delta=-2",
    );
    expect(it.scaling.asked.flatMap(({ intents }) => intents.map(({ pool, ask }) => [pool, ask]))).toEqual([
      ["web", { kind: "value", value: 8 }],
      ["workers", { kind: "delta", delta: -2 }],
    ]);
  });

  test("a state that does not act is answered with no result", async () => {
    await using it = await startCloudwatchServer();
    for (const [name, query] of [
      ["ok", ""],
      ["insufficient-data", ""],
      ["insufficient-data", "?on=firing,resolved"],
      ["metric-alarm", "?on=resolved"],
    ] as const) {
      const response = await it.deliver(it.aws.signed(name), PATH + query);
      expect([response.status, await resultsOf(response)]).toEqual([200, []]);
    }
    expect(it.scaling.asked).toEqual([]);
  });

  test("what the workflows could not finish is 503, so that SNS sends it again", async () => {
    await using it = await startCloudwatchServer();
    it.scaling.instead.set(PROD.id, async () => {
      throw new TryAgainError("GitHub is slow.", 7);
    });
    const response = await it.deliver(it.aws.signed("metric-alarm"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "7"]);
  });

  test("all of it together is answered in time", async () => {
    await using it = await startCloudwatchServer({ answerWithinMs: 50 });
    it.aws.answers.set(CERTIFICATE_URL, () => new Promise(() => {}));
    expect((await it.deliver(it.aws.signed("metric-alarm"))).status).toBe(503);
  });

  test("many at once fetch the certificate once, and the next ones not again", async () => {
    await using it = await startCloudwatchServer();
    const many = Array.from({ length: 20 }, () => it.deliver(it.aws.signed("metric-alarm")));
    for (const response of await Promise.all(many)) expect(response.status).toBe(200);
    await it.deliver(it.aws.signed("metric-math"));
    expect(it.aws.asked).toEqual([CERTIFICATE_URL]);
  });
});

describe("other partitions and accounts of AWS", () => {
  test.each([
    ["aws-cn", "cn-north-1", "sns.cn-north-1.amazonaws.com.cn", "sns-cn-north-1.amazonaws.com.cn"],
    ["aws-us-gov", "us-gov-east-1", "sns.us-gov-east-1.amazonaws.com", "sns-us-gov-west-1.amazonaws.com"],
    ["aws", "af-south-1", "sns.af-south-1.amazonaws.com", "sns-signing.af-south-1.amazonaws.com"],
  ])("a topic in %s, %s is confirmed and speaks by %s", async (partition, region, host, commonName) => {
    await using it = await startCloudwatchServer();
    const TopicArn = `arn:${partition}:sns:${region}:210987654321:scaling`;
    it.scaling.topics.set(PROD.id, { kind: "topics", arns: new Set([TopicArn]) });
    const { certificate, key } = await it.aws.issue(commonName);
    const SigningCertURL = `https://${host}/SimpleNotificationService-1.pem`;
    it.aws.answers.set(SigningCertURL, () => new Response(certificate));
    it.aws.answers.set(`https://${host}/`, () => new Response("<SubscriptionArn>arn</SubscriptionArn>"));
    for (const name of ["subscription-confirmation", "metric-alarm"] as const) {
      const body = signEnvelope(it.aws.signed(name, { TopicArn, SigningCertURL }), key);
      expect((await it.deliver(body)).status).toBe(200);
    }
    expect(it.aws.asked.map((asked) => new URL(asked).host)).toEqual([host, host]);
    expect(it.scaling.asked).toHaveLength(1);
  });

  test("the record of China reads as any other", async () => {
    await using it = await startCloudwatchServer();
    const message = it.aws.signed("china");
    it.scaling.topics.set(PROD.id, { kind: "topics", arns: new Set([message.TopicArn ?? ""]) });
    const { certificate, key } = await it.aws.issue("sns-cn-north-1.amazonaws.com.cn");
    it.aws.answers.set(message.SigningCertURL ?? "", () => new Response(certificate));
    const response = await it.deliver(signEnvelope(message, key));
    expect(await resultsOf(response)).toMatchObject([{ kind: "scale", to: 3 }]);
  });
});

describe("what can never work is 4xx, with the place and what to do", () => {
  test.each<[string, RecordedName, string, string]>([
    [
      "a message published by hand",
      "published-by-hand",
      "$.Message",
      "no notification of a CloudWatch alarm",
    ],
    ["an event of EventBridge", "eventbridge", "$.Message", "make the topic an action of the alarm"],
  ])("%s", async (_what, name, path, detail) => {
    await using it = await startCloudwatchServer();
    const told = await problemOf(await it.deliver(it.aws.signed(name)));
    expect(told).toMatchObject({ status: 422, path, detail: expect.stringContaining(detail) });
  });

  test("an alarm in a state of no name is told by its path", async () => {
    await using it = await startCloudwatchServer();
    const { Message = "" } = it.aws.signed("metric-alarm");
    const body = it.aws.signed("metric-alarm", { Message: Message.replace('"ALARM"', '"PANIC"') });
    expect(await problemOf(await it.deliver(body))).toMatchObject({
      status: 422,
      path: "$.Message.NewStateValue",
    });
  });

  test("raw delivery, by its header and by its body", async () => {
    await using it = await startCloudwatchServer();
    const { Message = "" } = it.aws.signed("metric-alarm");
    const byHeader = await it.deliver(Message, PATH, { "x-amz-sns-rawdelivery": "true" });
    expect(await problemOf(byHeader)).toMatchObject({
      status: 422,
      detail: expect.stringContaining("RawMessageDelivery"),
    });
    const byBody = await it.deliver(Message);
    expect(await problemOf(byBody)).toMatchObject({
      status: 422,
      path: "$",
      detail: expect.stringContaining("RawMessageDelivery"),
    });
  });

  test("an envelope that lacks a field", async () => {
    await using it = await startCloudwatchServer();
    const { SigningCertURL: _, ...body } = it.aws.signed("metric-alarm");
    expect(await problemOf(await it.deliver(body))).toMatchObject({ status: 422, path: "$.SigningCertURL" });
  });

  test("a topic that is none", async () => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("metric-alarm", { TopicArn: "arn:aws:sqs:us-east-1:123456789012:scaling" });
    expect(await problemOf(await it.deliver(body))).toMatchObject({ status: 422, path: "$.TopicArn" });
    expect(it.aws.asked).toEqual([]);
  });

  test("a resolved alarm without an amount is refused with what to give", async () => {
    await using it = await startCloudwatchServer();
    const [result] = await resultsOf(await it.deliver(it.aws.signed("ok"), `${PATH}?on=resolved`));
    expect(result).toMatchObject({ kind: "refuse", reasons: [{ code: "no-amount" }] });
  });
});

describe("who may send", () => {
  test("without the token the answer is that of every route, and neither body nor signature is looked at", async () => {
    await using it = await startCloudwatchServer();
    const wrong = await it.post(`${PATH}?token=wrong`, it.aws.signed("metric-alarm"), {});
    const none = await it.post("/pools", "{", {});
    expect([wrong.status, await wrong.text()]).toEqual([401, await none.text()]);
    expect(it.aws.asked).toEqual([]);
    expect(it.log.text()).not.toContain("wrong");
  });

  test("the token stands in no log line", async () => {
    await using it = await startCloudwatchServer();
    await it.deliver(it.aws.signed("metric-alarm"));
    expect(it.log.text()).not.toContain(PROD_TOKEN);
  });

  test("a topic that the stack does not list is refused, and nothing is fetched for it", async () => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("metric-alarm", { TopicArn: "arn:aws:sns:us-east-1:999999999999:scaling" });
    const told = await problemOf(await it.deliver(body));
    expect(told).toMatchObject({ status: 403, detail: expect.stringContaining("pulumiscale:sns-topics") });
    expect([it.aws.asked, it.scaling.asked]).toEqual([[], []]);
  });

  test("an empty list refuses all and says how to set it", async () => {
    await using it = await startCloudwatchServer();
    it.scaling.topics.clear();
    expect(await problemOf(await it.deliver(it.aws.signed("metric-alarm")))).toMatchObject({
      status: 403,
      detail: "The list is empty.",
    });
    expect(it.aws.asked).toEqual([]);
  });

  test("a topic of another owner cannot speak for a listed one", async () => {
    await using it = await startCloudwatchServer();
    const theirs = it.aws.signed("metric-alarm", { TopicArn: "arn:aws:sns:us-east-1:999999999999:scaling" });
    const told = await problemOf(await it.deliver({ ...theirs, TopicArn: TOPIC }));
    expect(told).toMatchObject({ status: 403, detail: "The signature of the message is wrong." });
    expect(it.scaling.asked).toEqual([]);
  });

  test.each(["Message", "MessageId", "Subject", "Timestamp", "Signature"])(
    "a changed %s is refused",
    async (field) => {
      await using it = await startCloudwatchServer();
      const other = it.aws.signed("metric-math", { Timestamp: new Date(Date.now() - 60_000).toISOString() });
      const body = { ...it.aws.signed("metric-alarm"), [field]: other[field] };
      const told = await problemOf(await it.deliver(body));
      expect(told).toMatchObject({ status: 403, detail: "The signature of the message is wrong." });
      expect(it.scaling.asked).toEqual([]);
    },
  );

  test.each([
    ["an hour and a second old", -3_601_000, "more than an hour old"],
    ["six minutes ahead", 360_000, "of a time to come"],
  ])("a recording that is %s is refused, unfetched", async (_what, awayMs, detail) => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("metric-alarm", { Timestamp: new Date(Date.now() + awayMs).toISOString() });
    expect(await problemOf(await it.deliver(body))).toMatchObject({
      status: 403,
      detail: expect.stringContaining(detail),
    });
    expect(it.aws.asked).toEqual([]);
  });

  test("a message that is almost an hour old is SNS's last retry, and counts", async () => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("metric-alarm", { Timestamp: new Date(Date.now() - 3_590_000).toISOString() });
    expect((await it.deliver(body)).status).toBe(200);
  });
});

describe("the certificate", () => {
  test("that cannot be had is 503: the message may be good", async () => {
    await using it = await startCloudwatchServer();
    for (const answer of [
      () => new Response("slow down", { status: 503 }),
      () => new Response("", { status: 302, headers: { location: "https://169.254.169.254/x.pem" } }),
      () => Promise.reject(new TypeError("fetch failed")),
    ]) {
      it.aws.answers.set(CERTIFICATE_URL, answer);
      expect((await it.deliver(it.aws.signed("metric-alarm"))).status).toBe(503);
    }
    expect(new Set(it.aws.asked)).toEqual(new Set([CERTIFICATE_URL]));
    expect(it.aws.inits.map((init) => init?.redirect)).toEqual(["manual", "manual", "manual"]);
    expect(it.scaling.asked).toEqual([]);
  });

  test("of somebody else is refused though it is at the right place", async () => {
    await using it = await startCloudwatchServer();
    const { certificate } = await it.aws.issue("sns.example.com");
    it.aws.answers.set(CERTIFICATE_URL, () => new Response(certificate));
    const told = await problemOf(await it.deliver(it.aws.signed("metric-alarm")));
    expect(told).toMatchObject({ status: 403, detail: expect.stringContaining("not one of SNS") });
  });
});

describe("a subscription", () => {
  test("of a listed topic is confirmed at the topic's own region, by a URL of our own", async () => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("subscription-confirmation", {
      SubscribeURL: "https://169.254.169.254/latest/",
    });
    const response = await it.deliver(body);
    expect([response.status, await resultsOf(response)]).toEqual([200, []]);
    const confirmed = new URL(it.aws.asked[1] ?? "");
    expect([confirmed.origin, confirmed.pathname]).toEqual(["https://sns.us-east-1.amazonaws.com", "/"]);
    expect(Object.fromEntries(confirmed.searchParams)).toEqual({
      Action: "ConfirmSubscription",
      TopicArn: TOPIC,
      Token: body.Token,
    });
    expect(it.aws.inits[1]?.redirect).toBe("manual");
    expect(it.aws.asked).toHaveLength(2);
  });

  test.each<[string, () => Promise<Response> | Response]>([
    ["an error", () => new Response("<ErrorResponse/>", { status: 400 })],
    ["a redirect", () => new Response("", { status: 302, headers: { location: "http://localhost/" } })],
    ["a page that confirms nothing", () => new Response("welcome")],
    ["nothing", () => Promise.reject(new TypeError("fetch failed"))],
  ])("to which AWS answers %s is 503, so that SNS asks again", async (_what, answer) => {
    await using it = await startCloudwatchServer();
    it.aws.answers.set("https://sns.us-east-1.amazonaws.com/", answer);
    expect((await it.deliver(it.aws.signed("subscription-confirmation"))).status).toBe(503);
    expect(it.aws.asked).toHaveLength(2);
  });

  test("of a topic that is not listed is not confirmed", async () => {
    await using it = await startCloudwatchServer();
    it.scaling.topics.set(PROD.id, { kind: "topics", arns: new Set([`${TOPIC}-2`]) });
    expect((await it.deliver(it.aws.signed("subscription-confirmation"))).status).toBe(403);
    expect(it.aws.asked).toEqual([]);
  });

  test("with a wrong signature is not confirmed", async () => {
    await using it = await startCloudwatchServer();
    const body = { ...it.aws.signed("subscription-confirmation"), Token: "another" };
    expect((await it.deliver(body)).status).toBe(403);
    expect(it.aws.asked).toEqual([CERTIFICATE_URL]);
  });

  test("that was ended is logged, and not begun anew", async () => {
    await using it = await startCloudwatchServer();
    const response = await it.deliver(it.aws.signed("unsubscribe-confirmation"));
    expect([response.status, await resultsOf(response)]).toEqual([200, []]);
    expect(it.aws.asked).toEqual([CERTIFICATE_URL]);
    expect(it.log.lines()).toMatchObject([{ sns: { type: "UnsubscribeConfirmation", topic: TOPIC } }]);
  });
});
