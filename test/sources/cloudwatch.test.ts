import { describe, expect, test } from "vitest";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { parseCloudwatch } from "../../src/sources/cloudwatch.ts";
import type { Demand } from "../../src/sources/demand.ts";
import { type RecordedName, recordedEnvelope } from "../sns/recorded-envelope.ts";

const SCOPE = { alias: "shop.prod", pool: "web" };

type Fields = Record<string, unknown>;

function demandOf(
  name: RecordedName,
  query: Record<string, string> = {},
  change: Fields = {},
): Demand | null {
  const text = JSON.stringify({ ...JSON.parse(recordedEnvelope(name).Message ?? ""), ...change });
  const parsed = parseCloudwatch(text, SCOPE, AlertQuery.parse(query));
  if (parsed.kind === "unprocessable") throw new Error(JSON.stringify(parsed.issues));
  return parsed.value;
}

function eventOf(name: RecordedName, change: Fields = {}): string {
  const demand = demandOf(name, { on: "firing,resolved", value: "3" }, change);
  if (demand?.kind !== "ask") throw new Error("it asks for nothing");
  return demand.event;
}

describe("which states act", () => {
  test.each<[RecordedName, string, boolean]>([
    ["metric-alarm", "firing", true],
    ["metric-alarm", "resolved", false],
    ["metric-alarm", "firing,resolved", true],
    ["ok", "firing", false],
    ["ok", "resolved", true],
    ["ok", "resolved,firing", true],
    ["insufficient-data", "firing", false],
    ["insufficient-data", "resolved", false],
    ["insufficient-data", "firing,resolved", false],
  ])("%s with ?on=%s: %s", (name, on, acts) => {
    expect(demandOf(name, { on, value: "2" }) !== null).toBe(acts);
  });
});

describe("how much", () => {
  test.each<[RecordedName, Record<string, string>, unknown]>([
    ["metric-alarm", {}, { kind: "step" }],
    ["metric-alarm", { delta: "2" }, { kind: "delta", delta: 2 }],
    ["metric-alarm", { value: "10" }, { kind: "value", value: 10 }],
    ["ok", { on: "resolved", delta: "-1" }, { kind: "delta", delta: -1 }],
    ["ok", { on: "resolved", value: "0" }, { kind: "value", value: 0 }],
  ])("%s with %o", (name, query, ask) => {
    expect(demandOf(name, query)).toMatchObject({ kind: "ask", ask });
  });

  test("the description of an alarm is for people: nothing is read of it", () => {
    const AlarmDescription = "pulumiscale_delta=7 pulumiscale_value=9";
    expect(demandOf("metric-alarm", {}, { AlarmDescription })).toMatchObject({ ask: { kind: "step" } });
  });
});

describe("the identity of an event", () => {
  test("is the alarm's change of state, by whichever topic it comes and however its configuration changes", () => {
    const change = {
      AlarmDescription: "other",
      AlarmActions: [],
      AlarmConfigurationUpdatedTimestamp: "later",
    };
    expect(eventOf("metric-alarm", change)).toBe(eventOf("metric-alarm"));
  });

  test.each<[string, Fields]>([
    ["another time", { StateChangeTime: "2026-01-07T12:03:11.678+0000" }],
    ["another state", { NewStateValue: "OK" }],
    ["another alarm", { AlarmArn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:other" }],
    ["another region", { AlarmArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:workers-busy" }],
    ["another series of the alarm", { AlarmContributorId: "6d442278dba546f7" }],
  ])("is another one for %s", (_what, change) => {
    expect(eventOf("metric-alarm", change)).not.toBe(eventOf("metric-alarm"));
  });

  test("is that of account, region and name where an old alarm has no ARN", () => {
    const old = { AlarmArn: undefined };
    expect(eventOf("metric-alarm", old)).toBe(eventOf("metric-alarm", old));
    expect(eventOf("metric-alarm", { ...old, Region: "EU (Ireland)" })).not.toBe(
      eventOf("metric-alarm", old),
    );
  });
});

test("the summary is the alarm's name and reason", () => {
  expect(demandOf("composite")).toMatchObject({
    summary: expect.stringMatching(/^workers-busy-and-no-deploy: arn:aws:cloudwatch:us-east-1:/),
  });
  expect(demandOf("metric-alarm", {}, { NewStateReason: undefined })).toMatchObject({
    summary: "workers-busy",
  });
});
