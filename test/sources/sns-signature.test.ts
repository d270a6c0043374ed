import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseSnsMessage, type SnsMessage } from "../../src/sources/sns-message.ts";
import { formatSignedText, isSignedBy } from "../../src/sources/sns-signature.ts";
import { type RecordedName, recordedEnvelope } from "../sns/recorded-envelope.ts";
import { signEnvelope } from "../sns/sign-envelope.ts";

function messageOf(body: unknown): SnsMessage {
  const parsed = parseSnsMessage(body);
  if (parsed.kind === "unprocessable") throw new Error(JSON.stringify(parsed.issues));
  return parsed.value;
}

const pem = { type: "pkcs8", format: "pem" } as const;
const spki = { type: "spki", format: "pem" } as const;
const keys = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: spki });
const own = keys();
const other = keys();

describe("the signed text", () => {
  test("is that of SNS's documentation", () => {
    const body = { ...recordedEnvelope("metric-alarm"), Message: "My Test Message", Subject: "My subject" };
    expect(formatSignedText(messageOf(body))).toBe(
      "Message\nMy Test Message\nMessageId\na890c547-5d98-55e2-971d-8826fff56413\nSubject\nMy subject\n" +
        "Timestamp\n2026-01-07T12:03:11.735Z\nTopicArn\narn:aws:sns:us-east-1:123456789012:scaling\nType\nNotification\n",
    );
  });

  test("has no line for a subject that is not there", () => {
    expect(formatSignedText(messageOf(recordedEnvelope("metric-alarm-without-subject")))).not.toContain(
      "Subject\n",
    );
  });

  test.each(["subscription-confirmation", "unsubscribe-confirmation"] as const)(
    "of a %s holds its token",
    (name) => {
      const body = recordedEnvelope(name);
      const text = formatSignedText(messageOf(body));
      const names = text
        .replace(body.Message ?? "", "")
        .split("\n")
        .filter((_line, at) => at % 2 === 0);
      expect(names).toEqual([
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
        "",
      ]);
    },
  );
});

describe("the signature", () => {
  const names: RecordedName[] = [
    "metric-alarm",
    "metric-alarm-version-2",
    "metric-alarm-without-subject",
    "subscription-confirmation",
  ];

  test.each(names)("of %s is good by the key that made it alone", (name) => {
    const message = messageOf(signEnvelope(recordedEnvelope(name), own.privateKey));
    expect(isSignedBy(message, createPublicKey(own.publicKey))).toBe(true);
    expect(isSignedBy(message, createPublicKey(other.publicKey))).toBe(false);
  });

  test("of one version is none of the other", () => {
    const signed = signEnvelope(recordedEnvelope("metric-alarm"), own.privateKey);
    const key = createPublicKey(own.publicKey);
    expect(isSignedBy(messageOf({ ...signed, SignatureVersion: "2" }), key)).toBe(false);
  });

  test("of an unknown version does not parse", () => {
    expect(parseSnsMessage({ ...recordedEnvelope("metric-alarm"), SignatureVersion: "3" })).toMatchObject({
      kind: "unprocessable",
      issues: [{ path: "$.SignatureVersion" }],
    });
  });
});
