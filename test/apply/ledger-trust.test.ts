import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryPath, formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../src/ledger/ledger-judge.ts";
import { idTokenRequest } from "../../src/ledger/request-id-token.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { type DeployRepository, makeDeployRepository, OTHER, REPO } from "./support/deploy-repository.ts";

const SETTINGS = ".github/pulumiscale.yml";

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
  await trust("attested");
}, 60_000);
afterAll(() => repository.stop());

const head = async () => (await repository.github.readRef(REPO, "main")) ?? "";
const trust = async (ledger: "attested" | "trust-writers") =>
  repository.checkout(await repository.push({ [SETTINGS]: `ledger: ${ledger}\n` }));

/** Someone with write access to the ledger's branch. */
const put = (entry: LedgerEntry) =>
  repository.github.commit(REPO, {
    branch: "pulumiscale",
    message: "ledger",
    files: { [entryPath("shop.dev")]: formatEntry(entry) },
  });

/** A job without `id-token: write`. */
const withoutPermission = () => ({
  ledger: {
    judge: new LedgerJudge(new IssuerKeys(repository.issuer.url, Date.now), Date.now),
    requestToken: null,
  },
});

/** Publishes what is deployed now, as the full up that is asked for does. */
const heal = async () => {
  await repository.checkout(await head());
  await repository.fullUp();
  await repository.publish();
  repository.said.length = 0;
};

describe("a forged entry is none to the deploy job:", { timeout: 60_000 }, () => {
  it("a forged `applied` hides no pending pool, and publishing heals it", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 3, 4));
    const entry = await repository.entry();
    await put({ ...entry, applied: { ...entry.applied, web: 4 }, commit: await head() });
    expect(await repository.apply(OTHER)).toEqual({
      kind: "full-needed",
      because: expect.stringContaining("its content is not what was attested"),
    });
    expect(repository.said.join("\n")).toContain("Until then this stack counts as never published.");
    await heal();
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
    expect((await repository.entry()).applied.web).toBe(4);
  });

  it("a forged `deployed` hides no code that is not deployed", async () => {
    await repository.checkout(await repository.push({ "deploy/extra.txt": "code that nobody deployed\n" }));
    await put({ ...(await repository.entry()), deployed: await head() });
    await repository.checkout(await repository.scale("web", "shop:webCount", 4, 5));
    expect(await repository.apply(OTHER)).toMatchObject({ kind: "full-needed" });
    await heal();
  });

  it("an older one that was put back is none", async () => {
    const old = await repository.entry();
    await heal();
    await put(old);
    expect(await repository.apply(OTHER)).toEqual({
      kind: "full-needed",
      because: expect.stringContaining("an older one was put back"),
    });
    await heal();
  });

  it("one that is replaced during an apply is not built upon", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 5, 6));
    const entry = await repository.entry();
    const { forge } = repository;
    let raced = false;
    const racing = {
      readHead: forge.readHead.bind(forge),
      readHistory: forge.readHistory.bind(forge),
      readLedger: forge.readLedger.bind(forge),
      listStacks: forge.listStacks.bind(forge),
      report: forge.report.bind(forge),
      includes: forge.includes.bind(forge),
      commitToLedger: async (...args: Parameters<typeof forge.commitToLedger>) => {
        if (!raced) await put({ ...entry, tokenHashes: ["0".repeat(64)] });
        raced = true;
        return forge.commitToLedger(...args);
      },
    };
    expect(await repository.apply(OTHER, { forge: racing })).toMatchObject({
      kind: "done",
      problems: [expect.stringContaining("or was replaced by one that does not count")],
    });
    await heal();
    expect((await repository.entry()).tokenHashes).toEqual(entry.tokenHashes);
  });
});

describe("without `id-token: write`", { timeout: 60_000 }, () => {
  it("an apply and a publish end before anything is done, and name the permission", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 6, 7));
    const before = await repository.github.readLog(REPO, "pulumiscale");
    await repository.pulumiProcesses();
    await expect(repository.apply(OTHER, withoutPermission())).rejects.toThrow(
      "`permissions: id-token: write`",
    );
    expect(await repository.pulumiProcesses()).toEqual([]);
    await expect(repository.publish(withoutPermission())).rejects.toThrow("`permissions: id-token: write`");
    expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(before);
    expect(await repository.stack.inputsOf("web")).toMatchObject({ input: 6 });
  });

  it("a full up that could not be published is not asked for", async () => {
    const entry = await repository.entry();
    await put({ ...entry, attestation: null });
    await expect(repository.apply(OTHER, withoutPermission())).rejects.toThrow("id-token: write");
    await put(entry);
  });

  it("a repository that trusts its writers is served, with a warning and an entry without signature", async () => {
    await trust("trust-writers");
    expect(await repository.apply(OTHER, withoutPermission())).toMatchObject({
      receipt: { outcome: "applied", pools: [{ pool: "web", from: 6, to: 7 }] },
    });
    expect(repository.said.join("\n")).toContain("is written without a signature");
    expect(await repository.entry()).toMatchObject({ applied: { web: 7 }, attestation: null });
    await trust("attested");
    await heal();
    expect((await repository.entry()).attestation).not.toBeNull();
  });
});

describe("the job's token", { timeout: 60_000 }, () => {
  it("is asked anew for what a lost race makes of the entry", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 7, 8));
    const { forge, issuer } = repository;
    const asked = () => issuer.requests.filter((path) => path === "/token").length;
    const before = asked();
    const entry = await repository.entry();
    let raced = false;
    const racing = {
      readHead: forge.readHead.bind(forge),
      readHistory: forge.readHistory.bind(forge),
      readLedger: forge.readLedger.bind(forge),
      listStacks: forge.listStacks.bind(forge),
      report: forge.report.bind(forge),
      includes: forge.includes.bind(forge),
      commitToLedger: async (...args: Parameters<typeof forge.commitToLedger>) => {
        if (!raced) {
          raced = true;
          const run = deployRun(await createGitHubHost(repository.github).findRepository(REPO));
          const publishedAt = new Date().toISOString();
          await put(
            await attestedEntry(issuer, run, {
              ...entry,
              applied: { ...entry.applied, queue: 6 },
              publishedAt,
            }),
          );
        }
        return forge.commitToLedger(...args);
      },
    };
    expect(await repository.apply(OTHER, { forge: racing })).toMatchObject({ problems: [] });
    expect(asked() - before).toBe(2);
    expect((await repository.entry()).applied).toEqual({ web: 8, queue: 6, idle: 1 });
    // It verifies: the next run builds on it.
    expect(await repository.apply(OTHER)).toMatchObject({ receipt: { pools: [{ pool: "queue" }] } });
  });

  it("is asked for again once a week, so that an entry outlives its key", async () => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
      repository.jobVariables;
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
    const run = deployRun(await createGitHubHost(repository.github).findRepository(REPO));
    const entry = await repository.entry();
    const publishedAt = new Date(Date.now() - 8 * 24 * 3_600_000).toISOString();
    const { octokit } = repository;
    await octokit.rest.git.deleteRef({ owner: "acme", repo: "infra", ref: "heads/pulumiscale" });
    await put(await attestedEntry(repository.issuer, run, { ...entry, publishedAt }));
    const reader = { judge: withoutPermission().ledger.judge, requestToken: idTokenRequest(url, token) };
    expect(await repository.apply(OTHER, { ledger: reader })).toEqual({ kind: "nothing" });
    const renewed = await repository.entry();
    expect(Date.parse(renewed.publishedAt)).toBeGreaterThan(Date.parse(publishedAt) + 7 * 24 * 3_600_000);
    expect(renewed).toEqual({ ...entry, publishedAt: renewed.publishedAt, attestation: renewed.attestation });
    const log = await repository.github.readLog(REPO, "pulumiscale");
    expect(log[0]?.message).toContain("ledger(shop.dev): the same, signed anew");
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
    expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(log);
  });

  it("may not be had: that is told, and a repository that trusts its writers does without", async () => {
    await repository.checkout(await repository.scale("web", "shop:webCount", 8, 9));
    const ledger = {
      judge: withoutPermission().ledger.judge,
      requestToken: idTokenRequest(`${repository.issuer.url}/nothing`, "token"),
    };
    expect(await repository.apply(OTHER, { ledger })).toMatchObject({
      problems: [expect.stringContaining("GitHub gave no OIDC token for the ledger entry (it answered 404)")],
    });
    await trust("trust-writers");
    expect(await repository.apply(OTHER, { ledger })).toMatchObject({ problems: [] });
    expect(await repository.entry()).toMatchObject({ applied: { web: 9 }, attestation: null });
  });

  it("is not asked for what a trusted writer may have put there: only a publish knows the whole content", async () => {
    const hash = "0".repeat(64);
    const entry = await repository.entry();
    await put({ ...entry, tokenHashes: [...entry.tokenHashes, hash] });
    await repository.checkout(await repository.scale("web", "shop:webCount", 9, 10));
    expect(await repository.apply(OTHER)).toMatchObject({ problems: [] });
    expect(await repository.entry()).toMatchObject({ applied: { web: 10 }, attestation: null });
    await repository.publish();
    const published = await repository.entry();
    expect(published.tokenHashes).not.toContain(hash);
    expect(published.attestation).not.toBeNull();
  });
});

it("a stack that the repository file calls otherwise is neither deployed nor published, run after run", async () => {
  const settings = "stacks: { web: { dir: deploy, stack: dev } }\n";
  await repository.checkout(await repository.push({ [SETTINGS]: settings }));
  const before = await repository.github.readLog(REPO, "pulumiscale");
  for (const run of [repository.apply(OTHER), repository.publish()])
    await expect(run).rejects.toThrow("which .github/pulumiscale.yml calls web");
  expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(before);
}, 60_000);
