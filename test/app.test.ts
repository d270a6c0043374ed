import { describe, expect, it } from "vitest";
import { parseScaleCommit } from "../src/domain/scale-commit.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { busyAlert } from "./support/busy-alert.ts";
import { STACK_FILE, WEB } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;

describe("the app, on a GitHub", () => {
  it("turns an alert into one merged commit that changes one number", { timeout: TIMEOUT }, async () => {
    const { github, post, stackFile, get } = await startAppWorld();
    const before = github.requests.length;
    const { status, results } = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(status).toBe(200);
    expect(results).toEqual([
      {
        stack: "shop.prod",
        pool: "web",
        kind: "scale",
        from: 3,
        to: 4,
        requested: 4,
        reasons: [{ code: "requested", message: expect.stringContaining("+1 from 3") }],
        delivery: "pull-request",
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        pullRequest: expect.any(Number),
      },
    ]);
    const text = await eventually(stackFile, (now) => now !== STACK_FILE);
    expect(text).toBe(STACK_FILE.replace('"3"', '"4"'));
    // Read, branch and commit, pull request, merge.
    expect(github.requests.length - before).toBe(4);
    const [newest] = await github.readLog("acme/infra", "main");
    expect(newest?.message.split("\n")[0]).toBe("scale(shop.prod): web 3 → 4");
    expect(parseScaleCommit(newest?.message ?? "")?.scales[0]).toMatchObject({
      pool: "web",
      from: 3,
      to: 4,
      source: "prometheus",
    });
    const history = await get("/pools/web/history");
    expect(JSON.stringify(history.answer)).toContain(`"pullRequest":${results[0]?.pullRequest}`);
    expect(github.violations).toEqual([]);
  });

  it("scales once for a retry, and holds the next step until it is applied and cool", {
    timeout: TIMEOUT,
  }, async () => {
    const { post, stackFile, publish, github } = await startAppWorld();
    await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    const text = await eventually(stackFile, (now) => now !== STACK_FILE);
    const again = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(again.status).toBe(200);
    expect(again.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "duplicate" }] });
    const other = await post("/webhook/prometheus", busyAlert({ pool: "web" }, {}, "f2"));
    expect(other.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "in-flight" }] });
    await publish({ applied: { web: 4, api: 2 } });
    await github.webhooksIdle();
    const cool = await post("/webhook/prometheus", busyAlert({ pool: "web" }, {}, "f3"));
    expect(cool.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "cooldown" }] });
    expect(await stackFile()).toBe(text);
  });

  it("costs GitHub nothing for what is held within a snapshot's life", { timeout: TIMEOUT }, async () => {
    const { github, post } = await startAppWorld({ entry: { applied: { web: 2, api: 2 } } });
    await github.commit("acme/infra", {
      files: { "Pulumi.prod.yaml": STACK_FILE.replace('"3"', '"5"') },
      message: "by hand",
      login: "alice",
    });
    await github.webhooksIdle();
    const first = await post("/scale/web", { delta: -1 });
    expect(first.results[0]).toMatchObject({ kind: "hold", from: 5, reasons: [{ code: "in-flight" }] });
    const before = github.requests.length;
    for (let times = 0; times < 20; times++) await post("/scale/web", { delta: -1 });
    expect(github.requests.length).toBe(before);
  });

  it("commits directly in two calls where the repository wants it", { timeout: TIMEOUT }, async () => {
    const files = { ".github/pulumiscale.yml": "defaults:\n  delivery: direct\n" };
    const { app, github, post, stackFile } = await startAppWorld({ files });
    // What the push leads to is no call of the demand's.
    app.setWebhook("http://127.0.0.1:1/");
    const before = github.requests.length;
    const { results } = await post("/webhook/web/count", { value: 7 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 7, delivery: "direct", pullRequest: null });
    expect(await stackFile()).toBe(STACK_FILE.replace('"3"', '"7"'));
    expect(github.requests.length - before).toBe(2);
    expect(results[0]?.commit).toBe(await github.readRef("acme/infra", "main"));
  });

  it("puts intents that arrive together into one commit", { timeout: TIMEOUT }, async () => {
    const { github, post, stackFile } = await startAppWorld();
    const answers = await Promise.all([post("/scale/web", { value: 5 }), post("/scale/api", { value: 9 })]);
    expect(new Set(answers.map(({ results }) => results[0]?.pullRequest)).size).toBe(1);
    await eventually(
      stackFile,
      (now) => now === STACK_FILE.replace('"3"', '"5"').replace("apiCount: 2", "apiCount: 9"),
    );
    const [newest] = await github.readLog("acme/infra", "main");
    expect(newest?.message.split("\n")[0]).toBe("scale(shop.prod): 2 pools");
  });

  it("opens a gated pull request above the threshold, and stops there", { timeout: TIMEOUT }, async () => {
    const files = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" };
    const { github, post, stackFile } = await startAppWorld({ files });
    const { results } = await post("/scale/web", { value: 8 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval" });
    const again = await post("/scale/web", { value: 8 });
    expect(again.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "awaiting-approval" }] });
    expect(await stackFile()).toBe(STACK_FILE);
    expect(await github.listBranches("acme/infra")).toContain("scale-approval/shop.prod/web");
  });

  it("shows what a dry run would do, and writes nothing", { timeout: TIMEOUT }, async () => {
    const { github, post } = await startAppWorld();
    const branches = await github.listBranches("acme/infra");
    const { results } = await post("/scale/web?dryRun=true", { value: 50 });
    expect(results[0]).toMatchObject({
      kind: "scale",
      from: 3,
      to: 10,
      requested: 50,
      delivery: "pull-request",
      commit: null,
    });
    expect(results[0]?.diff).toContain('-  shop:webCount: "3" # web\n+  shop:webCount: "10" # web');
    expect(await github.listBranches("acme/infra")).toEqual(branches);
  });

  it("lets a larger scale-out replace what waits for a check", { timeout: TIMEOUT }, async () => {
    const { github, post } = await startAppWorld();
    github.protect("acme/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const first = await post("/scale/web", { value: 5 });
    const held = await post("/scale/web", { value: 4 });
    expect(held.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "in-flight" }] });
    const larger = await post("/scale/web", { value: 9 });
    expect(larger.results[0]).toMatchObject({
      kind: "scale",
      from: 3,
      to: 9,
      pullRequest: first.results[0]?.pullRequest,
    });
    const text = await github.readFile("acme/infra", "Pulumi.prod.yaml", "scale/shop.prod");
    expect(text).toBe(STACK_FILE.replace('"3"', '"9"'));
  });

  it("serves a stack that is published while it runs", { timeout: TIMEOUT }, async () => {
    const { github, get, publish } = await startAppWorld();
    await publish({
      pools: {
        other: {
          targetUrn: "u",
          configKey: "apiCount",
          strategy: "incremental",
          min: 1,
          max: 3,
          cooldown: 1,
        },
      },
    });
    await github.webhooksIdle();
    const pools = await eventually(
      () => get("/pools"),
      ({ answer }) => JSON.stringify(answer).includes('"other"'),
    );
    expect(pools.status).toBe(200);
  });

  it("asks to come again, in a sentence, when GitHub is away, and loses nothing", {
    timeout: TIMEOUT,
  }, async () => {
    const { github, post, stackFile } = await startAppWorld();
    github.faults.add({ match: { path: /graphql/ }, times: 1, kind: "status", status: 502 });
    const away = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(away.status).toBe(503);
    expect(Number(away.headers.get("retry-after"))).toBeGreaterThan(0);
    const back = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(back.results[0]).toMatchObject({ kind: "scale", to: 4 });
    await eventually(stackFile, (now) => now === STACK_FILE.replace('"3"', '"4"'));
  });

  it("heals a pull request whose merge was lost, at the next start", { timeout: TIMEOUT }, async () => {
    const { github, post, stackFile, startReplica, replica } = await startAppWorld();
    github.faults.add({ match: { method: "PUT", path: /\/merge$/ }, times: 6, kind: "status", status: 500 });
    await post("/scale/web", { value: 5 });
    await replica.stop();
    expect(github.faults.pending()).toEqual([]);
    expect(await stackFile()).toBe(STACK_FILE);
    await startReplica();
    await eventually(stackFile, (now) => now === STACK_FILE.replace('"3"', '"5"'));
  });

  it("scales once for two replicas and two Alertmanager peers", { timeout: TIMEOUT }, async () => {
    const { github, post, startReplica, replica, stackFile } = await startAppWorld();
    const second = await startReplica();
    const urls = [replica.url, second.url, replica.url, second.url];
    const answers = await Promise.all(
      urls.map((url) => post("/webhook/prometheus", busyAlert({ pool: "web" }), {}, url)),
    );
    expect(answers.flatMap(({ results }) => results).filter(({ kind }) => kind === "scale")).toHaveLength(1);
    await eventually(stackFile, (now) => now === STACK_FILE.replace('"3"', '"4"'));
    const log = await github.readLog("acme/infra", "main", "Pulumi.prod.yaml");
    expect(log).toHaveLength(2);
  });

  it("serves a pool under its former name", { timeout: TIMEOUT }, async () => {
    const web = { ...WEB, cooldown: 0, aliases: ["www"] };
    const { get, post } = await startAppWorld({ contract: { web } });
    expect((await get("/pools/www")).answer).toMatchObject({ pool: "web", committed: 3 });
    expect((await get("/pools/www/history")).status).toBe(200);
    const { results } = await post("/scale/www?dryRun=true", { delta: 1 });
    expect(results[0]).toMatchObject({ pool: "web", kind: "scale", to: 4 });
  });

  it("adds nothing to a pool whose apply failed, until an apply succeeds", { timeout: TIMEOUT }, async () => {
    const receipt = {
      commit: "0".repeat(40),
      covers: [],
      startedAt: "2026-01-07T12:00:00Z",
      durationSeconds: 1,
      outcome: "failed" as const,
      pools: [{ pool: "web", outcome: "failed" as const, from: 2, to: 3, message: "quota exceeded" }],
      runUrl: null,
    };
    const { github, post, publish, stackFile } = await startAppWorld({
      entry: { applied: { web: 2, api: 2 }, receipt },
    });
    const held = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(held.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "apply-failed" }] });
    expect(held.results[0]?.reasons[0]?.message).toContain("quota exceeded");
    await publish({ applied: { web: 3, api: 2 } });
    await github.webhooksIdle();
    const again = await post("/webhook/prometheus", busyAlert({ pool: "web" }));
    expect(again.results[0]).toMatchObject({ kind: "scale", from: 3, to: 4 });
    await eventually(stackFile, (now) => now === STACK_FILE.replace('"3"', '"4"'));
  });

  it("refuses what it does not know, one by one", { timeout: TIMEOUT }, async () => {
    const { post } = await startAppWorld();
    const message = busyAlert({ pool: "nope" });
    message.alerts.push(
      ...busyAlert({ pool: "api" }, { pulumiscale_value: "4" }, "f2").alerts,
      ...busyAlert({ pool: "api" }, {}, "f3").alerts,
    );
    const { status, results } = await post("/webhook/prometheus", message);
    expect(status).toBe(200);
    expect(results.map(({ pool, kind, reasons }) => [pool, kind, reasons[0]?.code])).toEqual([
      ["nope", "refuse", "unknown-pool"],
      ["api", "scale", "requested"],
      ["api", "refuse", "value-needed"],
    ]);
    expect((await post("/webhook/nope/count", { value: 1 })).status).toBe(404);
    expect((await post("/webhook/web/count", { value: 1.5 })).status).toBe(422);
  });
});
