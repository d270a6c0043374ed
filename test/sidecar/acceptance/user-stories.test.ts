import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sns, startSns } from "../../sns/start-sns.ts";
import { TOPIC } from "../../sns/test-aws.ts";
import { askToScale, endOfOperation, readPool, scaleToEnd } from "../support/ask-serve.ts";
import { openWrittenProgram } from "../support/open-written-program.ts";
import { countOf, hold, untilBegun } from "../support/pace-files.ts";
import type { Program } from "../support/program.ts";
import { readWorld } from "../support/read-bytes.ts";
import { recordingAlerts } from "../support/recording-alerts.ts";
import { type Serve, startServe } from "../support/start-serve.ts";

/** The acceptance scenarios in their own words, one after the other on one stack. Every number of theirs is the contract's. */
const POOLS = {
  "worker-pool": { configKey: "workerCount", value: 3, rules: { min: 1, max: 50, cooldown: 600 } },
  alarmed: { configKey: "alarmedCount", value: 2 },
  alerted: { configKey: "alertedCount", value: 4, rules: { cooldown: 600 } },
  front: { configKey: "frontCount", value: 1, rules: { strategy: "absolute" } },
};

let sns: Sns;
let program: Program;
let serve: Serve;
let environment: Record<string, string>;

beforeAll(async () => {
  sns = await startSns();
  const topics = ["  pulumiscale:sns-topics:", `    - ${TOPIC}`];
  program = await openWrittenProgram(POOLS, topics);
  const authority = join(program.root, "authority.pem");
  writeFileSync(authority, sns.authority);
  environment = { AWS_ENDPOINT_URL_SNS: sns.url, NODE_EXTRA_CA_CERTS: authority };
  serve = await startServe(program, [], environment);
}, 120_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
  await sns?.stop();
}, 60_000);

const config = async (key: string) => (await program.pulumi("config", "get", key, "--stack", "dev")).trim();
const scaleCommits = async () =>
  (await program.git("log", "--format=%s")).split("\n").filter((subject) => subject.startsWith("scale("));

test("US1.1 a stack output defines a worker-pool; when the service starts, it registers a webhook endpoint for it", async () => {
  expect(serve.lines.join("\n")).toMatch(/worker-pool: 1 to 50, in steps of 1, at most every 600 s/);
  expect(await readPool(serve, "worker-pool")).toMatchObject({ min: 1, max: 50, committed: 3, applied: 3 });
  const here = await serve.request("POST", "/webhook/worker-pool/count", { value: 3 });
  expect(here).toMatchObject({ status: 200, json: { results: [{ pool: "worker-pool", kind: "hold" }] } });
  expect((await serve.request("POST", "/webhook/other-pool/count", { value: 3 })).status).toBe(404);
});

test("US1.2 min 1 and max 50 are defined and 100 nodes are asked for: the request is clamped to 50", async () => {
  const { result, operation } = await scaleToEnd(serve, "/webhook/worker-pool/count", { value: 100 });
  expect(result).toMatchObject({ kind: "scale", from: 3, to: 50, requested: 100 });
  expect(result.reasons.map(({ code }) => code)).toContain("above-max");
  expect(operation).toMatchObject({ status: "applied", pools: [{ pool: "worker-pool", to: 50 }] });
  expect(countOf(program, "worker")).toBe(50);
}, 60_000);

test("US2.1 a POST to /webhook/{pool}/cloudwatch with a valid SNS payload: the new desired count is calculated", async () => {
  const endpoint = `${serve.url}/webhook/alarmed/cloudwatch?token=${program.secret}`;
  expect((await sns.subscribe(TOPIC, endpoint)).isConfirmed).toBe(true);
  await sns.publishRecorded(TOPIC, "metric-alarm");
  expect(sns.attempts.map(({ type, status }) => [type, status])).toEqual([
    ["SubscriptionConfirmation", 200],
    ["Notification", 200],
  ]);
  expect(await readPool(serve, "alarmed")).toMatchObject({ committed: 3 });
  expect(await scaleCommits()).toContain("scale(pace.dev): alarmed 2 → 3");
  await expect.poll(() => countOf(program, "alarmed"), { timeout: 60_000 }).toBe(3);
}, 90_000);

test("US2.2 a POST to /webhook/{pool}/prometheus with a valid Alertmanager payload: the new desired count is calculated", async () => {
  const alert = recordingAlerts({ labels: { pool: "alerted" } });
  const { result, operation } = await scaleToEnd(serve, "/webhook/alerted/prometheus", alert);
  expect(result).toMatchObject({ kind: "scale", from: 4, to: 5, delivery: "direct" });
  expect(operation).toMatchObject({ status: "applied", pools: [{ source: "prometheus" }] });
  expect(countOf(program, "alerted")).toBe(5);
}, 60_000);

test("US2.3 a cooldown is active: a webhook is ignored", async () => {
  const before = await scaleCommits();
  const later = recordingAlerts({ labels: { pool: "alerted" }, startsAt: "2026-11-20T12:00:00Z" });
  const held = await askToScale(serve, "/webhook/alerted/prometheus", later);
  expect(held).toMatchObject({ kind: "hold", from: 5, to: 5, commit: null, reasons: [{ code: "cooldown" }] });
  expect(await scaleCommits()).toEqual(before);
  expect(await config("alertedCount")).toBe("5");
});

test("US3.1 a new count of 5 is calculated: the stack configuration key is updated to 5", async () => {
  const before = await program.readStackFile();
  const result = await askToScale(serve, "/webhook/front/count?wait=false", { value: 5 });
  expect(result).toMatchObject({ kind: "scale", from: 1, to: 5 });
  expect(await config("frontCount")).toBe("5");
  expect(await program.readStackFile()).toBe(before.replace("frontCount: 1 #", "frontCount: 5 #"));
});

test("US3.2 the update completes: the backend state reflects the new configuration value", async () => {
  const [newest = ""] = (await program.git("log", "-1", "--format=%H")).split("\n");
  expect((await endOfOperation(serve, newest)).status).toBe("applied");
  expect(await program.readBackend("front")).toBe(5);
  const history = await program.pulumi("stack", "history", "--json", "--page-size", "1", "--stack", "dev");
  expect(JSON.parse(history)).toMatchObject([
    { result: "succeeded", config: { "pace:frontCount": { value: "5" } } },
  ]);
}, 60_000);

test("US5.1 a request to /scale/{pool}?dryRun=true returns the calculated diff without changing infrastructure", async () => {
  const before = readWorld(program);
  const shown = await askToScale(serve, "/scale/front?dryRun=true", { delta: 4 });
  expect(shown).toMatchObject({ kind: "scale", from: 5, to: 9, commit: null });
  expect(shown.diff).toContain("-  pace:frontCount: 5 # frontCount\n+  pace:frontCount: 9 # frontCount\n");
  expect(shown.preview?.verdict).toBe("changes");
  const group = "urn:pulumi:dev::pace::pace:index:Group::front";
  expect(shown.preview?.steps).toContainEqual({ op: "update", urn: group });
  expect(readWorld(program)).toEqual(before);
}, 60_000);

test("US4.1 scaled to 10 nodes and crashed: after a restart an update restores 10 nodes, not the initial default", async () => {
  const { release } = hold(program, "front");
  const result = await askToScale(serve, "/scale/front?wait=false", { value: 10 });
  await untilBegun(program, "front");
  serve.kill("SIGKILL", "group");
  await serve.ended;
  release();
  expect(await config("frontCount")).toBe("10");
  serve = await startServe(program, ["--up-first"], environment);
  expect(await program.readBackend("front")).toBe(10);
  expect(countOf(program, "front")).toBe(10);
  expect((await endOfOperation(serve, result.commit ?? "")).status).toBe("applied");
  // The other way to run it, after a crash that left nothing to do.
  serve.kill("SIGKILL");
  await serve.ended;
  const up = await program.cli(["up"]);
  expect(up).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("front 10") });
  expect([await program.readBackend("front"), countOf(program, "front")]).toEqual([10, 10]);
}, 120_000);
