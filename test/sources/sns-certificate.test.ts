import { beforeAll, describe, expect, test } from "vitest";
import { parseTopicArn, type Topic } from "../../src/domain/topic-arn.ts";
import {
  type CheckedCertificate,
  checkCertificate,
  placeOfCertificate,
} from "../../src/sources/sns-certificate.ts";
import {
  createSigningAuthority,
  type IssueOptions,
  type SigningAuthority,
} from "../sns/signing-authority.ts";

const NOW = Date.parse("2026-01-07T12:00:00Z");
const VALID = { from: new Date("2026-01-01T00:00:00Z"), to: new Date("2026-02-01T00:00:00Z") };

function topicIn(region: string, partition = "aws"): Topic {
  const topic = parseTopicArn(`arn:${partition}:sns:${region}:123456789012:scaling`);
  if (topic === null) throw new Error("it is no topic");
  return topic;
}

let authority: SigningAuthority;
beforeAll(async () => {
  authority = await createSigningAuthority();
});

/** What becomes of a certificate of that name for a topic. */
async function check(name: string, topic: Topic, options: IssueOptions = VALID): Promise<CheckedCertificate> {
  const place = placeOfCertificate(`https://${topic.host}/SimpleNotificationService-1.pem`, topic, null);
  const { certificate } = await authority.issue(name, { ...VALID, ...options });
  return checkCertificate(certificate, place?.names ?? [], NOW);
}

describe("whose certificate it is, as AWS's SDK for Java knows them", () => {
  test.each([
    ["sns.amazonaws.com", "us-east-1", "aws"],
    ["sns.amazonaws.com", "eu-central-1", "aws"],
    ["sns-signing.af-south-1.amazonaws.com", "af-south-1", "aws"],
    ["sns.ap-east-2.amazonaws.com", "ap-east-2", "aws"],
    ["sns-us-gov-west-1.amazonaws.com", "us-gov-west-1", "aws-us-gov"],
    ["sns-us-gov-west-1.amazonaws.com", "us-gov-east-1", "aws-us-gov"],
    ["sns-cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn"],
    ["sns-cn-northwest-1.amazonaws.com.cn", "cn-northwest-1", "aws-cn"],
  ])("%s signs in %s", async (name, region, partition) => {
    expect((await check(name, topicIn(region, partition))).kind).toBe("good");
  });

  test.each([
    ["sns-signing.af-south-1.amazonaws.com", "eu-south-1"],
    ["sns-us-gov-west-1.amazonaws.com", "us-west-1"],
    ["sns.amazonaws.com.evil.com", "us-east-1"],
    ["*.amazonaws.com", "us-east-1"],
    ["s3.amazonaws.com", "us-east-1"],
  ])("%s does not sign in %s", async (name, region) => {
    expect(await check(name, topicIn(region))).toEqual({
      kind: "bad",
      why: "it is not one of SNS in the topic's region",
    });
  });
});

describe("when it is valid", () => {
  test.each<[string, IssueOptions, string]>([
    ["before", { from: new Date(NOW + 60_000) }, "it is not valid yet"],
    ["after", { to: new Date(NOW - 60_000) }, "it is not valid any more"],
  ])("not %s its time", async (_when, options, why) => {
    expect(await check("sns.amazonaws.com", topicIn("us-east-1"), options)).toEqual({ kind: "bad", why });
  });
});

test.each(["", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "<html>"])(
  "%j is no certificate",
  (text) => {
    expect(checkCertificate(text, null, NOW)).toEqual({ kind: "bad", why: "it is no certificate" });
  },
);

test("an operator's own endpoint may have a certificate of any name, in its time", async () => {
  const { certificate } = await authority.issue("LocalStack TEST SNS Root Certificate Authority", VALID);
  expect(checkCertificate(certificate, null, NOW).kind).toBe("good");
  expect(checkCertificate(certificate, null, VALID.to.getTime() + 1_000).kind).toBe("bad");
});
