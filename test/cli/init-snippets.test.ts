import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { suggestPool } from "../../src/cli/init/example-pool.ts";
import { exportsContract } from "../../src/cli/init/find-contract.ts";
import {
  formatAlertmanager,
  formatAlertRules,
  formatCloudWatch,
  type SnippetFacts,
} from "../../src/cli/init/sender-snippets.ts";
import { readSnsTopics } from "../../src/domain/sns-topics.ts";
import { SIDECAR_ROUTES } from "../../src/http/routes.ts";
import { AlertQuery } from "../../src/sources/alert-query.ts";
import { requireProgram } from "../setup/require-program.ts";

const WEB = { name: "web", strategy: "incremental", min: 1, max: 20, cooldownSeconds: 90 } as const;
const QUEUE = { name: "queue", strategy: "absolute", min: 0, max: 8, cooldownSeconds: 600 } as const;
const FACTS: SnippetFacts = {
  url: "https://scale.example.com/infra",
  project: "shop",
  stack: "acme/shop/prod.eu",
  stackFile: "config/Pulumi.prod.eu.yaml",
  pools: [WEB, QUEUE],
  origin: "contract",
};
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:pulumiscale-shop-prod-eu";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "init-snippets-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

describe("the snippet for Alertmanager", () => {
  it("is taken by Alertmanager, asks the route of the sidecar, and repeats after the shortest cooldown", ({
    skip,
  }) => {
    const amtool = join(dirname(requireProgram("alertmanager", skip)), "amtool");
    const file = join(folder(), "alertmanager.yml");
    writeFileSync(file, formatAlertmanager(FACTS));
    const { stdout, stderr } = spawnSync(amtool, ["check-config", file], { encoding: "utf8" });
    expect(`${stdout}${stderr}`).toContain("SUCCESS");
    const { route, receivers } = parse(formatAlertmanager(FACTS));
    const [webhook] = receivers[1].webhook_configs;
    expect(webhook.url).toBe("https://scale.example.com/infra/webhook/prometheus");
    expect(SIDECAR_ROUTES.map(({ path }) => path)).toContain(
      new URL(webhook.url).pathname.replace("/infra", ""),
    );
    expect(webhook.http_config).toEqual({ authorization: { credentials_file: expect.any(String) } });
    expect(route.routes[0].repeat_interval).toBe("90s");
  });

  it("repeats no more often than once a minute", () => {
    const facts: SnippetFacts = { ...FACTS, pools: [{ ...WEB, cooldownSeconds: 0 }] };
    expect(parse(formatAlertmanager(facts)).route.routes[0].repeat_interval).toBe("1m");
  });
});

it("the rules name each pool, and ask for what its strategy takes", () => {
  const text = formatAlertRules(FACTS);
  const { rules } = parse(text).groups[0];
  expect(rules).toMatchObject([
    { labels: { pool: "web" } },
    { labels: { pool: "web" }, annotations: { pulumiscale_delta: "-1" } },
    { labels: { pool: "queue" }, annotations: { pulumiscale_value: expect.stringContaining("$value") } },
  ]);
  expect(text).not.toMatch(/[&*]a\d/);
});

it.each([formatAlertRules, formatCloudWatch])("a made-up pool is called an example: %o", (format) => {
  const note = "# The pool web is an example: the stack's output `pulumiscale` names none yet.";
  expect(format({ ...FACTS, pools: [WEB], origin: "example" })).toContain(note);
  expect(format(FACTS)).not.toContain("example:");
  const { rules } = parse(formatAlertRules({ ...FACTS, pools: [WEB], origin: "example" })).groups[0];
  expect(rules).toHaveLength(2);
  const script = formatCloudWatch({ ...FACTS, pools: [WEB], origin: "example" });
  expect(script).toMatch(/^#!\/bin\/sh\n/);
  execFileSync("sh", ["-n"], { input: script });
});

describe("the script for CloudWatch", () => {
  /** Runs it with an `aws` and a `pulumi` that note down what they are asked. */
  function run(stackFile: string, facts = FACTS) {
    const root = folder();
    for (const name of ["bin", "config", "pulumiscale"]) mkdirSync(join(root, name));
    const log = join(root, "log");
    writeFileSync(
      join(root, "bin/aws"),
      `#!/bin/sh\nfor word; do printf '%s\\n' "$word"; done >> '${log}'\necho '${TOPIC}'\n`,
      { mode: 0o755 },
    );
    writeFileSync(
      join(root, "bin/pulumi"),
      `#!/bin/sh\n[ "$*" = "config get pulumiscale:webhook-secret --stack acme/shop/prod.eu" ] && echo the-token\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(root, "config/Pulumi.prod.eu.yaml"), stackFile);
    writeFileSync(join(root, "pulumiscale/cloudwatch.sh"), formatCloudWatch(facts));
    const env = { PATH: `${join(root, "bin")}:${process.env.PATH}` };
    const { status, stderr } = spawnSync("sh", [join(root, "pulumiscale/cloudwatch.sh")], {
      env,
      encoding: "utf8",
    });
    return { status, stderr, words: readFileSync(log, "utf8").split("\n") };
  }

  it("stops until the stack file lets the topic in, with the lines that do so", () => {
    const { status, stderr, words } = run("config: {}\n");
    expect(status).toBe(1);
    expect(words).not.toContain("subscribe");
    const lines = stderr.split("\n").slice(1).join("\n");
    expect(readSnsTopics(`config:\n${lines}`, "shop")).toEqual({ kind: "topics", arns: new Set([TOPIC]) });
  });

  it("then subscribes each pool at its route, with the secret, a value and a filter for its alarm", () => {
    const { status, stderr, words } = run(`config:\n  pulumiscale:sns-topics:\n    - ${TOPIC}\n`);
    expect([status, stderr]).toEqual([0, ""]);
    const wordsAfter = (flag: string) =>
      words.flatMap((word, index) => (word === flag ? [words[index + 1] ?? ""] : []));
    const endpoints = wordsAfter("--notification-endpoint").map((endpoint) => new URL(endpoint));
    expect(endpoints.map(({ pathname }) => pathname)).toEqual([
      "/infra/webhook/web/cloudwatch",
      "/infra/webhook/queue/cloudwatch",
    ]);
    for (const { pathname } of endpoints)
      expect(SIDECAR_ROUTES.map(({ path }) => path)).toContain(
        pathname.replace("/infra", "").replace(/web(?=\/)|queue/, "{pool}"),
      );
    const queries = endpoints.map(({ searchParams }) => Object.fromEntries(searchParams));
    expect(queries.map(({ token }) => token)).toEqual(["the-token", "the-token"]);
    expect(queries.map(({ token: _, ...query }) => AlertQuery.parse(query).value)).toEqual([20, 8]);
    const filters = wordsAfter("--attributes")
      .slice(1)
      .map((text) => JSON.parse(JSON.parse(text).FilterPolicy).AlarmName[0]);
    expect(filters).toEqual(wordsAfter("--alarm-name"));
    expect(wordsAfter("--protocol")).toEqual(["https", "https"]);
  });

  it("holds no secret, and is a script for any shell", () => {
    const text = formatCloudWatch({ ...FACTS, url: "http://127.0.0.1:3000" });
    execFileSync("sh", ["-n"], { input: text });
    expect(text).toContain("SNS has to reach http://127.0.0.1:3000");
    expect(text).toContain("--protocol http ");
  });

  it("runs nothing of a folder's name", () => {
    const { status, stderr } = run("config: {}\n", {
      ...FACTS,
      stackFile: "$(touch owned)`touch owned`';touch owned;'",
    });
    expect(status).toBe(1);
    expect(stderr).toContain("Add this to $(touch owned)`touch owned`';touch owned;', under `config:`");
  });
});

describe("the pool of an example", () => {
  it.each([
    [
      "config:\n  shop:port: 8080\n  shop:webServerCount: 3\n",
      { name: "web-server", configKey: "webServerCount", min: 1, max: 10 },
    ],
    ["config:\n  shop:replicas: '40'\n", { name: "worker-pool", configKey: "replicas", min: 1, max: 80 }],
    ["config:\n  idleWorkers: 0\n", { name: "idle-workers", configKey: "idleWorkers", min: 0, max: 10 }],
    [
      "config:\n  other:count: 3\n  shop:count: 1.5\n",
      { name: "worker-pool", configKey: "workerCount", min: 1, max: 10 },
    ],
    [
      "config:\n  'shop:\"]; evil() ;count': 3\n",
      { name: "worker-pool", configKey: "workerCount", min: 1, max: 10 },
    ],
    ["config: [", { name: "worker-pool", configKey: "workerCount", min: 1, max: 10 }],
  ])("comes from the stack file where that has a count: %j", (text, pool) => {
    expect(suggestPool(text, "shop").pool).toEqual(pool);
  });
});

describe("a contract in the source", () => {
  it.each([
    ["typescript", "export const pulumiscale = {};"],
    ["typescript", "export { pulumiscale } from './x';"],
    ["typescript", "export default async () => ({\n  pulumiscale: {},\n});"],
    ["javascript-commonjs", "exports.pulumiscale = {};"],
    ["python", "pulumi.export('pulumiscale', {})"],
    ["python", "pulumiscale_contract.export(workers)"],
    ["go", 'ctx.Export("pulumiscale", pulumi.Map{})'],
    ["go", "exportPulumiscale(ctx, workers)"],
    ["csharp", '["pulumiscale"] = x,'],
    ["csharp", '[Output("pulumiscale")] public Output<object> X { get; set; }'],
    ["java", 'ctx.export("pulumiscale", x);'],
    ["yaml", "outputs:\n  # ours\n  pulumiscale:\n    web: {}\n"],
  ] as const)("is seen in %s: %s", (language, text) => expect(exportsContract(language, text)).toBe(true));

  it.each([
    ["typescript", '// export const pulumiscale = {};\nnew pulumi.Config("pulumiscale");'],
    ["typescript", 'config.requireSecret("pulumiscale:webhookToken"); import "./pulumiscale.contract";'],
    ["python", "# pulumi.export('pulumiscale', {})"],
    ["go", '// ctx.Export("pulumiscale", nil)'],
    ["java", '* ctx.export("pulumiscale", x);'],
    ["yaml", "config:\n  pulumiscale:\n    type: string\noutputs: {}\n"],
    ["yaml", "outputs: ["],
  ] as const)("is not seen in %s: %s", (language, text) =>
    expect(exportsContract(language, text)).toBe(false),
  );
});
