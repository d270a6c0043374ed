import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireProgram } from "../../setup/require-program.ts";
import { type Sns, startSns } from "../../sns/start-sns.ts";
import { TOPIC } from "../../sns/test-aws.ts";
import { startAlertmanager } from "../../world/start-alertmanager.ts";
import { askToScale, endOfOperation, readPool, resultsOf, scaleToEnd } from "../support/ask-serve.ts";
import { groupOf, openWrittenProgram } from "../support/open-written-program.ts";
import { countOf } from "../support/pace-files.ts";
import type { Program } from "../support/program.ts";
import { readWorld } from "../support/read-bytes.ts";
import { recordingAlerts } from "../support/recording-alerts.ts";
import { type Serve, startServe } from "../support/start-serve.ts";

const POOLS = {
  web: { configKey: "webCount", value: 3, rules: { min: 1, max: 10 } },
  queue: { configKey: "queueCount", value: 5, rules: { strategy: "absolute", max: 50 } },
  calm: { configKey: "calmCount", value: 2, rules: { step: 2, cooldown: 600, scaleInCooldown: 0 } },
  alarmed: { configKey: "alarmedCount", value: 2 },
  alerted: { configKey: "alertedCount", value: 4, rules: { cooldown: 600 } },
};

let sns: Sns;
let program: Program;
let serve: Serve;

beforeAll(async () => {
  sns = await startSns("1");
  program = await openWrittenProgram(POOLS, ["  pulumiscale:sns-topics:", `    - ${TOPIC}`]);
  const authority = join(program.root, "authority.pem");
  writeFileSync(authority, sns.authority);
  serve = await startServe(program, [], { AWS_ENDPOINT_URL_SNS: sns.url, NODE_EXTRA_CA_CERTS: authority });
}, 120_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
  await sns?.stop();
}, 60_000);

const config = async (key: string) => (await program.pulumi("config", "get", key, "--stack", "dev")).trim();
const head = () => program.git("rev-parse", "HEAD");
async function newestUpdate(): Promise<Record<string, unknown>> {
  const [newest] = JSON.parse(
    await program.pulumi("stack", "history", "--json", "--page-size", "1", "--stack", "dev"),
  );
  return newest;
}

test("FR-001 runs as a process within the Pulumi program directory", async () => {
  expect(serve.lines.join("\n")).toContain("pulumiscale serves pace.dev, listening on");
  const elsewhere = await program.cli(["serve", "--port", "0", "--dir", program.root]);
  expect(elsewhere).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(/There is no Pulumi\.yaml in .*programs are below it:\n {2}--dir work\n/),
  });
}, 30_000);

test("FR-002 reads targets, limits and strategies from the stack outputs on startup", async () => {
  const { json } = await serve.request("GET", "/pools");
  const output = JSON.parse(
    await program.pulumi("stack", "output", "pulumiscale", "--json", "--stack", "dev"),
  );
  const rules = (pool: keyof typeof POOLS) => {
    const { strategy, min, max, cooldown, step = 1 } = output[pool];
    return { pool, strategy, min, max, step, cooldownSeconds: cooldown, committed: POOLS[pool].value };
  };
  const names = ["alarmed", "alerted", "calm", "queue", "web"] as const;
  expect(json).toMatchObject({ pools: names.map(rules) });
}, 30_000);

test("FR-003 takes scaling triggers of CloudWatch in SNS's JSON format", async () => {
  const endpoint = `${serve.url}/webhook/alarmed/cloudwatch?token=${program.secret}&value=7`;
  const forged = { Type: "Notification", MessageId: "1", TopicArn: TOPIC, Message: "{}" };
  expect((await serve.request("POST", "/webhook/alarmed/cloudwatch", forged)).status).toBe(422);
  await sns.subscribe(TOPIC, endpoint);
  await sns.publishRecorded(TOPIC, "metric-alarm");
  expect(sns.attempts.map(({ status }) => status)).toEqual([200, 200]);
  await endOfOperation(serve, (await head()).trim());
  expect([countOf(program, "alarmed"), await config("alarmedCount")]).toEqual([7, "7"]);
}, 60_000);

test("FR-004 takes scaling triggers of Prometheus in Alertmanager's JSON format, mapping the label pool", async () => {
  const before = await head();
  const message = recordingAlerts({ labels: { pool: "web" } }, { labels: { pool: "nobody" } });
  const answer = await serve.request("POST", "/webhook/prometheus?wait=false", message);
  expect(answer.status).toBe(200);
  expect(resultsOf(answer)).toMatchObject([
    { pool: "web", kind: "scale", from: 3, to: 4 },
    { pool: "nobody", kind: "refuse", reasons: [{ code: "unknown-pool" }] },
  ]);
  expect(await program.git("log", "--format=%s", `${before.trim()}..`)).toBe("scale(pace.dev): web 3 → 4\n");
}, 60_000);

test("FR-004 the real Alertmanager scales the pool of its alert's label, with the token of its settings", async ({
  skip,
}) => {
  const alertmanager = await startAlertmanager({
    program: requireProgram("alertmanager", skip),
    directory: join(program.root, "alertmanager"),
    url: `${serve.url}/webhook/prometheus`,
    token: program.secret,
  });
  try {
    await alertmanager.fire({ alertname: "Busy", pool: "alerted" });
    await expect.poll(() => countOf(program, "alerted"), { timeout: 60_000 }).toBe(5);
  } finally {
    await alertmanager.stop();
  }
  expect(await config("alertedCount")).toBe("5");
}, 90_000);

test("FR-005 direct scaling, absolute (count) and incremental (delta)", async () => {
  const web = await askToScale(serve, "/webhook/web/delta?wait=false", { delta: 3 });
  const queue = await scaleToEnd(serve, "/webhook/queue/count", { value: 9 });
  expect([web, queue.result]).toMatchObject([
    { kind: "scale", from: 4, to: 7 },
    { kind: "scale", from: 5, to: 9 },
  ]);
  expect([countOf(program, "web"), countOf(program, "queue")]).toEqual([7, 9]);
}, 60_000);

test("FR-006 authenticates by a secret stored in Pulumi config, passed as Authorization: Bearer", async () => {
  const stored = await config("pulumiscale:webhook-secret");
  expect(await program.readStackFile()).not.toContain(stored);
  const ask = (token: string) =>
    serve.request("POST", "/scale/web?wait=false", { value: 7 }, { authorization: `Bearer ${token}` });
  expect(await ask(stored)).toMatchObject({ status: 200, json: { results: [{ kind: "hold" }] } });
  expect((await ask(`${stored.slice(0, -1)}x`)).status).toBe(401);
  expect(serve.lines.join("\n")).not.toContain(stored);
});

test("FR-007 validates targets against the min and max guardrails", async () => {
  const low = await scaleToEnd(serve, "/scale/web", { value: -5 });
  expect(low.result).toMatchObject({ from: 7, to: 1, requested: -5 });
  expect(low.result.reasons.map(({ code }) => code)).toContain("below-min");
  const high = await scaleToEnd(serve, "/scale/web", { delta: 1000 });
  expect(high.result).toMatchObject({ from: 1, to: 10, requested: 1001 });
  expect(high.result.reasons.map(({ code }) => code)).toContain("above-max");
  expect([countOf(program, "web"), await program.readBackend("web")]).toEqual([10, 10]);
}, 60_000);

test("FR-008 debounces by a configurable cooldown period", async () => {
  const { result } = await scaleToEnd(serve, "/webhook/calm/prometheus", recordingAlerts({}));
  expect(result).toMatchObject({ from: 2, to: 4 });
  const again = recordingAlerts({ startsAt: "2026-11-20T12:00:00Z" });
  const held = await askToScale(serve, "/webhook/calm/prometheus", again);
  expect(held).toMatchObject({ kind: "hold", to: 4, reasons: [{ code: "cooldown" }] });
  expect(Date.parse((await readPool(serve, "calm")).cooldownUntil ?? "")).toBeNaN();
  // For the way down the contract has another period: none.
  expect(await askToScale(serve, "/scale/calm?wait=false", { delta: -1 })).toMatchObject({
    kind: "scale",
    to: 3,
  });
}, 60_000);

test("FR-009 persists the new desired state by updating the Pulumi stack configuration", async () => {
  const result = await askToScale(serve, "/scale/queue?wait=false", { value: 12 });
  expect(await config("queueCount")).toBe("12");
  expect(await program.git("show", "--format=%H", "--numstat", "HEAD")).toBe(
    `${result.commit}\n\n1\t1\tPulumi.dev.yaml\n`,
  );
  expect(await program.git("status", "--porcelain")).toBe("");
  await endOfOperation(serve, result.commit ?? "");
}, 60_000);

test("FR-010 executes targeted updates, without a refresh", async () => {
  const { operation } = await scaleToEnd(serve, "/scale/queue", { value: 13 });
  expect(operation.status).toBe("applied");
  const { environment, message, resourceChanges } = (await newestUpdate()) as {
    environment: Record<string, string>;
    message: string;
    resourceChanges: Record<string, number>;
  };
  expect(message).toMatch(/^scale\(pace\.dev\): queue 12 → 13\n/);
  expect(environment["pulumi.flag.target"]).toBe("set");
  expect(Object.keys(environment)).not.toContain("pulumi.flag.refresh");
  expect(resourceChanges.create ?? 0).toBe(0);
}, 60_000);

test("FR-012 a dry run calculates changes without applying them", async () => {
  const before = readWorld(program);
  const shown = await askToScale(serve, "/scale/web?dryRun=true", { value: 99 });
  // It stands at its max already, so there is nothing that would change.
  expect(shown).toMatchObject({ kind: "hold", from: 10, to: 10, requested: 99, commit: null, diff: "" });
  const other = await askToScale(serve, "/scale/queue?dryRun=true", { value: 99 });
  expect(other).toMatchObject({ kind: "scale", from: 13, to: 50, requested: 99, commit: null });
  expect(other.preview?.verdict).toBe("changes");
  expect(readWorld(program)).toEqual(before);
}, 60_000);

test("every pool ends with what was asked for, in the file, in the backend and in the groups", async () => {
  for (const [name, pool] of Object.entries(POOLS)) {
    const committed = Number(await config(pool.configKey));
    await expect.poll(() => countOf(program, groupOf(pool)), { timeout: 30_000 }).toBe(committed);
    await expect.poll(() => program.readBackend(name), { timeout: 30_000 }).toBe(committed);
  }
}, 60_000);
