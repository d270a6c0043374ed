import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { readSnsTopics } from "../../src/domain/sns-topics.ts";
import { APP_ROUTES } from "../../src/http/routes.ts";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { requireProgram } from "../setup/require-program.ts";
import { readmeExamples, readmeFile } from "./readme-examples.ts";

const Policy = z.object({
  healthyRetryPolicy: z.strictObject({
    numRetries: z.int(),
    numMinDelayRetries: z.int(),
    numMaxDelayRetries: z.int(),
    minDelayTarget: z.int(),
    maxDelayTarget: z.int(),
    backoffFunction: z.enum(["linear", "arithmetic", "geometric", "exponential"]),
  }),
});

/** The seconds that a delivery policy retries for at most, if SNS takes it; it takes an hour. */
function longestSeconds(deliveryPolicy: string): number {
  const { healthyRetryPolicy: policy } = Policy.parse(JSON.parse(deliveryPolicy));
  const growing = policy.numRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries;
  expect(growing).toBeGreaterThanOrEqual(0);
  const long = (policy.numMaxDelayRetries + growing) * policy.maxDelayTarget;
  return policy.numMinDelayRetries * policy.minDelayTarget + long;
}

/** What an endpoint of the README asks for: its route must be there, and its parameters must parse. */
function queryOf(endpoint: string): AlertQuery {
  const url = new URL(endpoint);
  expect(APP_ROUTES.map(({ path }) => path)).toContain(url.pathname.replace("worker-pool", "{pool}"));
  const { token, ...query } = Object.fromEntries(url.searchParams);
  expect(token).toBeTruthy();
  return AlertQuery.parse(query);
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "readme-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

type Made = { type: string; name: string; args: Record<string, unknown> };

/** Runs the README's program on packages that only note what is made: outputs are their own values. */
function runAlarms(): Made[] {
  const root = folder();
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put("package.json", '{"type":"module"}');
  const kinds = {
    sns: ["Topic", "TopicSubscription"],
    sqs: ["Queue", "QueuePolicy"],
    cloudwatch: ["MetricAlarm"],
  };
  const made = "export const made = (globalThis.made ??= []);\n";
  const classes = Object.entries(kinds).map(([space, names]) => {
    const each = names.map(
      (name) =>
        `${name}: class { constructor(name, args) { made.push({ type: "${space}.${name}", name, args }); this.arn = "arn:" + name; this.url = "url:" + name; } }`,
    );
    return `export const ${space} = { ${each.join(", ")} };`;
  });
  const esm = '{"type":"module","main":"index.js"}';
  put("node_modules/@pulumi/aws/package.json", esm);
  put("node_modules/@pulumi/aws/index.js", made + classes.join("\n"));
  put("node_modules/@pulumi/pulumi/package.json", esm);
  put(
    "node_modules/@pulumi/pulumi/index.js",
    'export class Config { requireSecret() { return "the-token"; } }\nexport const interpolate = String.raw;\nexport const jsonStringify = JSON.stringify;\n',
  );
  put("scaling-alarms.ts", readmeFile("scaling-alarms.ts"));
  put("run.js", 'await import("./scaling-alarms.ts");\nconsole.log(JSON.stringify(globalThis.made));\n');
  return JSON.parse(execFileSync(process.execPath, ["run.js"], { cwd: root, encoding: "utf8" }));
}

describe("the README on CloudWatch", () => {
  it("shows a command that makes the list as the app reads it", { timeout: 60_000 }, ({ skip }) => {
    const pulumi = requireProgram("pulumi", skip);
    const example = readmeExamples().find(({ text }) => text.includes("pulumiscale:sns-topics[0]"));
    const cwd = folder();
    writeFileSync(join(cwd, "Pulumi.yaml"), "name: shop\nruntime: yaml\n");
    const env = { ...process.env, PULUMI_BACKEND_URL: `file://${cwd}`, PULUMI_CONFIG_PASSPHRASE: "readme" };
    execFileSync(pulumi, ["stack", "init", "prod"], { cwd, env, stdio: "pipe" });
    const PATH = `${join(pulumi, "..")}:${process.env.PATH}`;
    execFileSync("sh", ["-ec", example?.text ?? "false"], { cwd, env: { ...env, PATH }, stdio: "pipe" });
    expect(readSnsTopics(readFileSync(join(cwd, "Pulumi.prod.yaml"), "utf8"), "shop")).toEqual({
      kind: "topics",
      arns: new Set(["arn:aws:sns:us-east-1:123456789012:scaling"]),
    });
  });

  it("shows a program whose three rungs each set their own value, retried within the hour", () => {
    const made = runAlarms();
    const of = (type: string) => made.filter((it) => it.type === type);
    const alarms = of("cloudwatch.MetricAlarm").map(({ args }) => args.name);
    expect(alarms).toEqual(["workers-3", "workers-10", "workers-20"]);
    const rungs = of("sns.TopicSubscription").map(({ args }) => {
      const filter = JSON.parse(String(args.filterPolicy));
      expect(longestSeconds(String(args.deliveryPolicy))).toBeLessThan(3_600);
      expect(args).toMatchObject({
        topic: "arn:scaling",
        protocol: "https",
        filterPolicyScope: "MessageBody",
      });
      expect(JSON.parse(String(args.redrivePolicy))).toEqual({
        deadLetterTargetArn: "arn:scaling-dead-letters",
      });
      return [filter, queryOf(String(args.endpoint)).value];
    });
    expect(rungs).toEqual([
      [{ AlarmName: ["workers-3"] }, 3],
      [{ AlarmName: ["workers-10"] }, 10],
      [{ AlarmName: ["workers-20"] }, 20],
    ]);
    expect(of("sns.Topic")).toMatchObject([{ args: { name: "scaling", signatureVersion: 2 } }]);
    expect(of("sqs.QueuePolicy")).toHaveLength(1);
  });

  it("shows a subscription by hand with the policies of the program", () => {
    const Attributes = z.strictObject({
      FilterPolicyScope: z.literal("MessageBody"),
      FilterPolicy: z.string(),
      DeliveryPolicy: z.string(),
      RedrivePolicy: z.string(),
    });
    const attributes = Attributes.parse(JSON.parse(readmeFile("subscription.json")));
    const program = runAlarms().find(
      ({ type, name }) => type === "sns.TopicSubscription" && name === "workers-10",
    );
    expect(JSON.parse(attributes.FilterPolicy)).toEqual(JSON.parse(String(program?.args.filterPolicy)));
    expect(JSON.parse(attributes.DeliveryPolicy)).toEqual(JSON.parse(String(program?.args.deliveryPolicy)));
    expect(Object.keys(JSON.parse(attributes.RedrivePolicy))).toEqual(["deadLetterTargetArn"]);
  });

  it("shows commands that a shell takes, for the alarm and the file beside them", () => {
    const bin = folder();
    const log = join(bin, "log");
    writeFileSync(join(bin, "aws"), `#!/bin/sh\nprintf '%s\\n' "$*" >> "${log}"\necho arn:topic\n`, {
      mode: 0o755,
    });
    const env = { PATH: `${bin}:${process.env.PATH}`, TOKEN: "the-token" };
    execFileSync("sh", ["-euc", readmeFile("subscribe.sh")], { env, stdio: "pipe" });
    const [topic = "", alarm = "", subscribe = ""] = readFileSync(log, "utf8").split("\n");
    expect(topic).toContain("sns create-topic --name scaling --attributes SignatureVersion=2");
    expect(alarm).toContain("cloudwatch put-metric-alarm --alarm-name workers-10 --alarm-actions arn:topic");
    expect(subscribe).toContain(
      "sns subscribe --topic-arn arn:topic --protocol https --attributes file://subscription.json",
    );
    expect(queryOf(subscribe.split(" ").at(-1) ?? "").value).toBe(10);
  });
});
