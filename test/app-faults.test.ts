import { describe, expect, it } from "vitest";
import { entryPath, formatEntry } from "../src/ledger/entry.ts";
import { createGitHubHost } from "./actions/github-host.ts";
import { attestedEntry } from "./oidc/attested-entry.ts";
import { deployRun } from "./oidc/format-claims.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { type AppWorld, ledgerEntry, TOKEN } from "./support/open-app-world.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const CHECK = { requiredChecks: [{ context: "ci", appId: null }] };

describe("GitHub on a bad day", () => {
  const opening = { method: "POST", path: /\/pulls$/ } as const;
  it.each([
    ["is lost though it was opened", { match: opening, kind: "lost-answer" }],
    ["is 502", { match: opening, kind: "status", status: 502 }],
    ["is 422, since GitHub does not see the branch yet", { match: opening, kind: "status", status: 422 }],
  ] as const)(
    "opens one pull request and merges it where the answer to opening %s",
    {
      timeout: TIMEOUT,
    },
    async (_what, fault) => {
      const { github, post, stackFile } = await startAppWorld();
      github.faults.add(fault);
      const { status, results } = await post("/scale/web", { value: 5 });
      expect(status).toBe(200);
      expect(results[0]).toMatchObject({ kind: "scale", delivery: "pull-request", pullRequest: 1 });
      await eventually(stackFile, (text) => text === STACK_FILE.replace('"3"', '"5"'));
      expect(github.violations).toEqual([]);
    },
  );

  it.each([
    ["is lost though it was merged", { kind: "lost-answer" }],
    ["is 502", { kind: "status", status: 502 }],
  ] as const)(
    "goes on with the pull request where the answer to merging %s",
    {
      timeout: TIMEOUT,
    },
    async (_what, fault) => {
      const { github, post, stackFile, replica } = await startAppWorld();
      github.faults.add({ match: { method: "PUT", path: /\/merge$/ }, ...fault });
      await post("/scale/web", { value: 5 });
      await replica.stop();
      expect(await stackFile()).toBe(STACK_FILE.replace('"3"', '"5"'));
    },
  );

  it("ends at the stop what it was too late to answer", { timeout: TIMEOUT }, async () => {
    const { github, post, stackFile, replica } = await startAppWorld({ internals: { answerWithinMs: 100 } });
    github.faults.add({
      match: { operation: "createCommitOnBranch" },
      kind: "latency",
      latencyMs: 2_000,
    });
    expect((await post("/scale/web", { value: 5 })).status).toBe(503);
    await replica.stop();
    expect(await stackFile()).toBe(STACK_FILE.replace('"3"', '"5"'));
  });

  it("labels what waits for approval though labelling failed at first", { timeout: TIMEOUT }, async () => {
    const files = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" };
    const { github, post } = await startAppWorld({ files });
    github.faults.add({ match: { method: "POST", path: /\/labels$/ }, kind: "status", status: 502 });
    const { results } = await post("/scale/web", { value: 8 });
    expect(results[0]).toMatchObject({ kind: "scale", delivery: "needs-approval" });
    const labelling = github.requests.filter(({ path }) => path.endsWith("/labels"));
    expect(labelling.map(({ status }) => status)).toEqual([502, 200]);
  });
});

describe("a replica that looks at an old snapshot", () => {
  // GitHub tells one replica of the other's merge, and the merged branch is gone: no compare-and-swap is lost.
  const behind = async () => {
    const world = await startAppWorld();
    world.github.changeSettings("acme/infra", { delete_branch_on_merge: true });
    const late = await world.startReplica();
    await fetch(`${late.url}/pools`, { headers: { authorization: `Bearer ${TOKEN}` } });
    await world.post("/scale/web", { value: 4 });
    await eventually(world.stackFile, (text) => text === STACK_FILE.replace('"3"', '"4"'));
    return { ...world, late };
  };

  it("answers what comes of the demand, not what it thought", { timeout: TIMEOUT }, async () => {
    const { post, late, stackFile } = await behind();
    const { results } = await post("/scale/web", { value: 9 }, {}, late.url);
    expect(results[0]).toMatchObject({ kind: "hold", from: 4, reasons: [{ code: "cooldown" }] });
    expect(await stackFile()).toBe(STACK_FILE.replace('"3"', '"4"'));
  });

  it("scales another pool all the same", { timeout: TIMEOUT }, async () => {
    const { post, late, stackFile } = await behind();
    const { results } = await post("/scale/api", { value: 9 }, {}, late.url);
    expect(results[0]).toMatchObject({ kind: "scale", from: 2, to: 9 });
    const scaled = STACK_FILE.replace('"3"', '"4"').replace("apiCount: 2", "apiCount: 9");
    await eventually(stackFile, (text) => text === scaled);
  });
});

describe("an event of GitHub that was lost", () => {
  it("writes nothing to a branch that is no longer the stack's", { timeout: TIMEOUT }, async () => {
    const { github, app, post, stackFile } = await startAppWorld();
    app.setWebhook(`${github.url}/nobody-listens-here`);
    const files = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    branch: production\n" };
    await github.commit("acme/infra", { files, message: "another branch", login: "alice" });
    const { status, answer } = await post("/scale/web", { value: 5 });
    expect([status, answer.detail]).toEqual([503, expect.stringContaining("listed anew")]);
    expect(await stackFile()).toBe(STACK_FILE);
  });
});

describe("GitHub's budget", () => {
  it("that is used up is left alone until GitHub gives a new one", { timeout: TIMEOUT }, async () => {
    const { github, post } = await startAppWorld({ github: { requestsPerHour: 16 } });
    const read = async (round: number) => {
      await github.commit("acme/infra", { files: { "note.txt": String(round) }, message: "news" });
      await github.webhooksIdle();
      return post("/scale/web?dryRun=true", { value: 5 });
    };
    let answer = await read(0);
    for (let round = 1; round < 10 && answer.status === 200; round++) answer = await read(round);
    expect(answer.status).toBe(503);
    const before = github.requests.length;
    answer = await read(10);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(60);
    expect(github.requests.length).toBe(before);
  });

  it("is not spent on demands that are held while an old pull request waits", {
    timeout: TIMEOUT,
  }, async () => {
    // For the app the pull request is older than any process would take to merge it.
    const { github, post } = await startAppWorld({ github: { now: () => new Date(Date.now() - 25_000) } });
    github.protect("acme/infra", "main", CHECK);
    await post("/scale/web", { value: 5 });
    const merges = () => github.requests.filter(({ path }) => path.endsWith("/merge")).length;
    await eventually(merges, (count) => count > 0);
    // The guard reports on it, and its report starts one more look.
    const guarded = () => github.requests.some(({ operations }) => operations.includes("checks/create"));
    await eventually(guarded, (isSo) => isSo);
    await github.webhooksIdle();
    const before = github.requests.length;
    for (let times = 0; times < 60; times++) {
      const { results } = await post("/scale/web", { value: 4 });
      expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "in-flight" }] });
    }
    expect(github.requests.length - before).toBeLessThan(10);
  });
});

describe("the list of installations", () => {
  it.each([
    ["502", { kind: "status", status: 502 }],
    ["never", { kind: "timeout" }],
  ] as const)(
    "is asked for again soon where the answer is %s",
    { timeout: TIMEOUT },
    async (_what, fault) => {
      const { github, startReplica } = await startAppWorld();
      github.faults.add({ match: { path: /^\/app\/installations/, method: "GET" }, ...fault });
      const fresh = await startReplica();
      const ready = () => fetch(`${fresh.url}/readyz`).then(({ status }) => status);
      await eventually(ready, (status) => status === 200, 20_000);
      expect(github.faults.pending()).toEqual([]);
    },
  );

  const publishAs = async ({ github, issuer }: AppWorld, owner: string) => {
    await github.createRepository({
      owner,
      name: "infra",
      files: { "Pulumi.yaml": "name: shop\nruntime: yaml\n", [PLACE.path]: STACK_FILE },
    });
    const run = deployRun(await createGitHubHost(github).findRepository(`${owner}/infra`));
    const entry = await attestedEntry(issuer, run, ledgerEntry());
    const files = { [entryPath("shop.prod")]: formatEntry(entry) };
    await github.commit(`${owner}/infra`, { branch: "pulumiscale", message: "publish", files });
  };

  it("is read past one that fails", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const { github, app, installation, startReplica, post } = world;
    github.createOrganization("zoo");
    await publishAs(world, "zoo");
    github.installApp(app, "zoo", "all");
    github.faults.add({
      match: { method: "POST", path: new RegExp(`/${installation.installationId}/access_tokens`) },
      times: 100,
      kind: "status",
      status: 403,
    });
    const fresh = await startReplica();
    expect((await fetch(`${fresh.url}/readyz`)).status).toBe(200);
    const { results } = await post("/repos/zoo/infra/shop.prod/scale/web", { value: 5 }, {}, fresh.url);
    expect(results[0]).toMatchObject({ kind: "scale", to: 5 });
  });

  it("is asked twice for a repository that fails, so that its senders are known after the start", {
    timeout: TIMEOUT,
  }, async () => {
    const { github, startReplica, post } = await startAppWorld();
    github.faults.add({ match: { path: /graphql/ }, kind: "status", status: 502 });
    const fresh = await startReplica();
    expect((await post("/scale/web", { value: 5 }, {}, fresh.url)).status).toBe(200);
  });
});

describe("a ledger", () => {
  const removeLedger = async ({ github }: AppWorld) => {
    const token = github.issueToken({ kind: "user", login: "alice" });
    const url = `${github.apiUrl}/repos/acme/infra/git/refs/heads/pulumiscale`;
    await fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  };
  const writeEntry = ({ github }: AppWorld, text: string) =>
    github.commit("acme/infra", {
      branch: "pulumiscale",
      login: "alice",
      message: "another version",
      files: { [entryPath("shop.prod")]: text },
    });
  const newer = formatEntry(ledgerEntry()).replace('"schemaVersion": 1', '"schemaVersion": 2');

  it.each([
    ["lost", removeLedger, "no entry"],
    ["of a newer version", (world: AppWorld) => writeEntry(world, newer), "update this app"],
    ["broken", (world: AppWorld) => writeEntry(world, "{"), "not readable"],
  ])(
    "that is %s has its senders come again until it is published",
    {
      timeout: TIMEOUT,
    },
    async (_what, spoil, sentence) => {
      const world = await startAppWorld();
      const { github, post, publish, stackFile } = world;
      const listings = () => github.requests.filter(({ operations }) => operations.length > 0).length;
      const before = listings();
      await spoil(world);
      await github.webhooksIdle();
      await eventually(listings, (count) => count > before);
      const spoilt = await post("/scale/web", { value: 5 });
      expect([spoilt.status, spoilt.answer.detail]).toEqual([503, expect.stringContaining(sentence)]);
      expect((await post("/scale/web", { value: 5 })).status).toBe(503);
      expect(await stackFile()).toBe(STACK_FILE);
      await publish({});
      await github.webhooksIdle();
      const { results } = await eventually(
        () => post("/scale/web", { value: 5 }),
        ({ status }) => status === 200,
      );
      expect(results[0]).toMatchObject({ kind: "scale", to: 5 });
    },
  );

  it("of a newer version is none of a stranger's, after a start too", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    await writeEntry(world, newer);
    const fresh = await world.startReplica();
    expect((await world.post("/scale/web", { value: 5 }, {}, fresh.url)).status).toBe(503);
    const stranger = { authorization: "Bearer somebody-else" };
    expect((await world.post("/scale/web", { value: 5 }, stranger, fresh.url)).status).toBe(401);
  });
});
