import { afterEach, beforeEach, expect, it } from "vitest";
import { listPending } from "../../src/apply/list-pending.ts";
import { createApplyForge } from "../../src/forge/github-apply-client.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../src/ledger/ledger-judge.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { type OidcIssuer, startOidcIssuer } from "../oidc/start-oidc-issuer.ts";

const REPO = "acme/infra";

let github: GitHubStandIn;
let issuer: OidcIssuer;

beforeEach(async () => {
  github = await startGitHub();
  issuer = await startOidcIssuer();
  github.createUser("acme");
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github.stop();
  await issuer.stop();
});

const rules = { strategy: "incremental", min: 1, max: 10, cooldown: 60 };

function entry(project: string, dir: string, commit: string): LedgerEntry {
  return {
    schemaVersion: 1,
    project,
    stack: "prod",
    dir,
    pools: { web: { ...rules, targetUrn: "urn:web", configKey: "web" } },
    applied: { web: 3 },
    deployed: commit,
    commit,
    publishedAt: "2026-11-20T12:00:00Z",
    tokenHashes: [],
    receipt: null,
    attestation: null,
  };
}

/** A repository with the program `shop`, and a ledger of these stacks. Answers what is pending, and what was said. */
async function pendingOf(
  dirs: Readonly<Record<string, string>>,
  change: (signed: LedgerEntry) => LedgerEntry = (signed) => signed,
  settings: Readonly<Record<string, string>> = {},
) {
  await github.createRepository({
    owner: "acme",
    name: "infra",
    files: { "shop/Pulumi.yaml": "name: shop\n", "shop/Pulumi.prod.yaml": "config:\n  shop:web: 3\n" },
  });
  const commit = (await github.readRef(REPO, "main")) ?? "";
  await github.commit(REPO, {
    files: { "shop/Pulumi.prod.yaml": "config:\n  shop:web: 4\n", ...settings },
    message: "web 4",
  });
  const token = github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { contents: "write", metadata: "read" },
  });
  const forge = createApplyForge(token, github.apiUrl);
  const run = deployRun(await createGitHubHost(github).findRepository(REPO));
  let expectedHeadOid: string | null = null;
  for (const [project, dir] of Object.entries(dirs)) {
    const place = { owner: "acme", repo: "infra", baseBranch: "main", alias: "", dir, stackFilePath: "" };
    await forge.commitToLedger(place, {
      expectedHeadOid,
      path: `stacks/${project}.prod.json`,
      text: JSON.stringify(change(await attestedEntry(issuer, run, entry(project, dir, commit)))),
      headline: "test",
      body: "",
    });
    expectedHeadOid = (await github.readRef(REPO, "pulumiscale")) ?? null;
  }
  const said: string[] = [];
  const head = (await github.readRef(REPO, "main")) ?? "";
  const repository = { owner: "acme", repo: "infra", baseBranch: "main" };
  const trust = {
    judge: new LedgerJudge(new IssuerKeys(issuer.url, Date.now), Date.now),
    requestToken: null,
  };
  const pending = await listPending(forge, repository, head, { kind: "other" }, trust, (sentence) =>
    said.push(sentence),
  );
  return { pending: pending.map(({ alias }) => alias), said: said.join() };
}

it("keeps listing where one stack's directory is gone", async () => {
  const { pending, said } = await pendingOf({ left: "left", shop: "shop" });
  expect(pending).toEqual(["shop.prod"]);
  expect(said).toContain("The stack left.prod is left out. There is no directory left on main");
});

it("lists a stack whose entry hides what is pending by a forged `applied`, and says so", async () => {
  const { pending, said } = await pendingOf({ shop: "shop" }, (signed) => ({
    ...signed,
    applied: { web: 4 },
  }));
  expect(pending).toEqual(["shop.prod"]);
  expect(said).toContain("its content is not what was attested");
});

it("leaves out an entry that is another stack's", async () => {
  const { pending, said } = await pendingOf({ shop: "shop" }, (signed) => ({ ...signed, stack: "dev" }));
  expect(pending).toEqual([]);
  expect(said).toContain("The stack shop.prod is left out");
});

it("lists a renamed stack once, and says nothing of what it has left under its former name", async () => {
  const text =
    "ledger: trust-writers\nstacks:\n  store.prod: { dir: shop, stack: prod, formerAliases: [shop.prod] }\n";
  const asShop = (signed: LedgerEntry) => ({ ...signed, project: "shop" });
  const both = { shop: "shop", store: "shop" };
  const renamed = await pendingOf(both, asShop, { ".github/pulumiscale.yml": text });
  expect(renamed).toEqual({ pending: ["store.prod"], said: "" });
});

it("fails where no stack can be read", async () => {
  await expect(pendingOf({ left: "left" })).rejects.toThrow("There is no directory left on main");
});
