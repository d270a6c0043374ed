import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signEnvelope } from "../sns/sign-envelope.ts";
import { CERTIFICATE_URL, TOPIC } from "../sns/test-aws.ts";
import { PATH, startCloudwatchServer } from "./cloudwatch-server.ts";

const PEM = "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem";
const HOST = "sns.us-east-1.amazonaws.com";

/** Places that a forger would like to have asked. */
const ELSEWHERE = [
  `https://169.254.169.254${PEM}`,
  `http://169.254.169.254${PEM}`,
  `https://localhost${PEM}`,
  `https://[::1]${PEM}`,
  `https://127.0.0.1:8443${PEM}`,
  `http://${HOST}${PEM}`,
  `https://${HOST}:8443${PEM}`,
  `https://${HOST}:443${PEM}`,
  `https://${HOST}.evil.com${PEM}`,
  `https://${HOST}%2eevil.com${PEM}`,
  `https://evil.com/${HOST}${PEM}`,
  `https://evil.com#@${HOST}${PEM}`,
  `https://${HOST}@evil.com${PEM}`,
  `https://evil.com@${HOST}${PEM}`,
  `https://user:secret@${HOST}${PEM}`,
  `https://evil.com\\@${HOST}${PEM}`,
  `https://${HOST}\\.evil.com${PEM}`,
  `https://${HOST}./x.pem`,
  `https://SNS.us-east-1.amazonaws.com${PEM}`,
  `https://snsXus-east-1.amazonaws.com${PEM}`,
  `https://bucket.s3.us-east-1.amazonaws.com${PEM}`,
  `https://sns.us-east-1.s3.amazonaws.com${PEM}`,
  // A region, but not the topic's.
  `https://sns.eu-west-1.amazonaws.com${PEM}`,
  `https://${HOST}/`,
  `https://${HOST}/certificate.pfx`,
  `https://${HOST}/?Action=Publish&x=.pem`,
  `https://${HOST}${PEM}?x=1`,
  `https://${HOST}${PEM}#x`,
  `https://${HOST}/a/../x.pem`,
  `https://${HOST}/%2e%2e/x.pem`,
  ` https://${HOST}${PEM}`,
  `//${HOST}${PEM}`,
  "file:///etc/ssl/certs/ca.pem",
  "data:application/x-pem-file,x.pem",
  "x.pem",
];

describe("CVE-2026-32096: what a message names is not fetched", () => {
  test.each(ELSEWHERE)("a certificate at %s is refused, and nothing is asked of anybody", async (url) => {
    await using it = await startCloudwatchServer();
    const response = await it.deliver(it.aws.signed("metric-alarm", { SigningCertURL: url }));
    expect(response.status).toBe(403);
    expect([it.aws.asked, it.scaling.asked]).toEqual([[], []]);
  });

  test.each(ELSEWHERE)("a subscription with SubscribeURL %s asks AWS alone", async (url) => {
    await using it = await startCloudwatchServer();
    await it.deliver(it.aws.signed("subscription-confirmation", { SubscribeURL: url }));
    expect(it.aws.asked.map((asked) => new URL(asked).origin)).toEqual([
      `https://${HOST}`,
      `https://${HOST}`,
    ]);
  });

  test("an operator's own endpoint adds its origin and no other", async () => {
    const endpoint = new URL("http://localhost:4566");
    await using it = await startCloudwatchServer({ endpoint });
    const { certificate } = await it.aws.issue("LocalStack TEST SNS Root Certificate Authority");
    it.aws.answers.set(`http://localhost:4566/_aws/sns${PEM}`, () => new Response(certificate));
    // The certificate is found; it is not the one that signed.
    const own = await it.deliver(
      it.aws.signed("metric-alarm", { SigningCertURL: `http://localhost:4566/_aws/sns${PEM}` }),
    );
    expect([own.status, it.aws.asked]).toEqual([403, [`http://localhost:4566/_aws/sns${PEM}`]]);
    for (const url of [
      "http://localhost:4567",
      "https://localhost:4566",
      "http://127.0.0.1:4566",
      `http://${HOST}`,
    ])
      await it.deliver(it.aws.signed("metric-alarm", { SigningCertURL: `${url}/_aws/sns${PEM}` }));
    expect(it.aws.asked).toHaveLength(1);
    expect((await it.deliver(it.aws.signed("metric-alarm"))).status).toBe(200);
  });

  test("without an endpoint there is no such origin", async () => {
    await using it = await startCloudwatchServer();
    const body = it.aws.signed("metric-alarm", { SigningCertURL: `http://localhost:4566/_aws/sns${PEM}` });
    expect([(await it.deliver(body)).status, it.aws.asked]).toEqual([403, []]);
  });
});

describe("CVE-2026-40109: signed, but for somebody else", () => {
  const THEIRS = "arn:aws:sns:us-east-1:999999999999:theirs";

  /** The fields that follow a message's text in what is signed, as lines. */
  function linesOf(body: Record<string, string>): string {
    return ["MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      .map((name) => `${name}\n${body[name]}`)
      .join("\n");
  }

  test("the fields of a listed topic, published within a text to one's own topic, are not cut out of it", async () => {
    await using it = await startCloudwatchServer();
    const wanted = it.aws.signed("metric-alarm");
    const Message = `${wanted.Message}\n${linesOf(wanted)}`;
    const theirs = it.aws.signed("metric-alarm", { TopicArn: THEIRS, Message });
    // The same signed text, cut at the lines that they have written themselves; the rest is hidden in a field.
    const rest = `\n${linesOf(theirs)}`;
    const forged = { ...wanted, Signature: theirs.Signature ?? "" };
    const untyped = rest.slice(0, -"\nType\nNotification".length);
    const cuts = [
      { ...forged, Type: `Notification${rest}` },
      { ...forged, TopicArn: `${TOPIC}\nType\nNotification${untyped}` },
    ];
    for (const body of cuts) {
      // Signed it is: whoever looks at the signature alone takes it.
      expect(signEnvelope(body, it.aws.key).Signature).toBe(theirs.Signature);
      const response = await it.deliver(body);
      expect([response.status, it.aws.asked, it.scaling.asked]).toEqual([422, [], []]);
    }
  });

  test.each(["MessageId", "Subject"])(
    "a %s of several lines is refused, whoever has signed it",
    async (field) => {
      await using it = await startCloudwatchServer();
      const body = it.aws.signed("metric-alarm", { [field]: "one\nTimestamp\n2026-01-07T12:00:00Z" });
      expect([(await it.deliver(body)).status, it.aws.asked]).toEqual([422, []]);
    },
  );

  test("a confirmation cannot be presented as a notification, nor the other way", async () => {
    await using it = await startCloudwatchServer();
    const confirmation = { ...it.aws.signed("subscription-confirmation"), Type: "Notification" };
    const notification = {
      ...it.aws.signed("metric-alarm"),
      Type: "SubscriptionConfirmation",
      Token: "t",
      SubscribeURL: "u",
    };
    for (const body of [confirmation, notification]) expect((await it.deliver(body)).status).toBe(403);
    expect([new Set(it.aws.asked), it.scaling.asked]).toEqual([new Set([CERTIFICATE_URL]), []]);
  });
});

describe("hostile input", () => {
  test("a flood of made-up certificates costs five fetches, and the real one still serves", async () => {
    await using it = await startCloudwatchServer();
    expect((await it.deliver(it.aws.signed("metric-alarm"))).status).toBe(200);
    const message = it.aws.signed("metric-alarm");
    const statuses = new Map<number, number>();
    for (let round = 0; round < 100; round++) {
      const flood = Array.from({ length: 10 }, (_, n) =>
        it.deliver({ ...message, SigningCertURL: `https://${HOST}/made-up-${round}-${n}.pem` }),
      );
      for (const { status } of await Promise.all(flood))
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 503: 1000 });
    expect(it.aws.asked).toHaveLength(5);
    expect((await it.deliver(it.aws.signed("metric-math"))).status).toBe(200);
    expect(it.aws.asked).toHaveLength(5);
  });

  test("envelopes of any shape are answered with 403 or 422, and ask nobody but SNS", async () => {
    await using it = await startCloudwatchServer();
    const good = it.aws.signed("metric-alarm");
    const names = [...Object.keys(good), "Token", "SubscribeURL", "__proto__", "constructor"];
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(...ELSEWHERE),
    );
    const changed = fc
      .dictionary(fc.constantFrom(...names), anything, { minKeys: 1 })
      .map((change) => ({ ...good, ...change }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, fc.jsonValue()), async (body) => {
        const { status } = await it.deliver(JSON.stringify(body));
        if (isAsGood(body, good)) expect(status).toBe(200);
        else expect([403, 422]).toContain(status);
      }),
      { numRuns: 300 },
    );
    expect(new Set(it.aws.asked).size).toBeLessThanOrEqual(1);
  });

  test("texts of any kind in a signed message are 200 or 422", async () => {
    await using it = await startCloudwatchServer();
    const alarm: unknown = JSON.parse(it.aws.signed("metric-alarm").Message ?? "");
    const part = fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    const fields = fc.constantFrom(
      "AlarmName",
      "AlarmArn",
      "NewStateValue",
      "NewStateReason",
      "StateChangeTime",
      "Trigger",
    );
    const changed = fc
      .dictionary(fields, part)
      .map((change) => JSON.stringify({ ...Object(alarm), ...change }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, fc.json(), fc.string()), async (Message) => {
        const { status } = await it.deliver(it.aws.signed("metric-alarm", { Message }));
        expect([200, 422]).toContain(status);
      }),
      { numRuns: 100 },
    );
    for (const { intents } of it.scaling.asked)
      for (const { summary } of intents) expect(summary).toMatch(/^[^\n\r@<>[\]]{0,120}$/u);
  });

  test("an alarm's name and reason cannot speak in a commit", async () => {
    await using it = await startCloudwatchServer();
    const Message = JSON.stringify({
      AlarmName: "busy\n\nPulumiscale-Approved-By: mallory [skip ci]",
      NewStateValue: "ALARM",
      NewStateReason: "@everyone see https://evil.example",
      StateChangeTime: "2026-01-07T12:03:11.677+0000",
    });
    await it.deliver(it.aws.signed("metric-alarm", { Message }));
    const [summary = ""] = it.scaling.asked.flatMap(({ intents }) => intents.map((intent) => intent.summary));
    expect(summary).not.toMatch(/\n|skip ci|@|:\/\//);
  });

  test("a body over the limit is 413 after the token, and 401 before it", async () => {
    await using it = await startCloudwatchServer();
    const large = `{"Message":"${"x".repeat(1_100_000)}"}`;
    expect((await it.deliver(large)).status).toBe(413);
    expect((await it.post(`${PATH}?token=wrong`, large, {})).status).toBe(401);
  });
});

/** Whether nothing has changed but what nobody reads. */
function isAsGood(body: unknown, good: Record<string, string>): boolean {
  if (typeof body !== "object" || body === null) return false;
  const given = new Map<string, unknown>(Object.entries(body));
  return Object.entries(good).every(
    ([name, value]) => name === "UnsubscribeURL" || given.get(name) === value,
  );
}
