import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { RepositoryFile } from "../../src/domain/repository-file.ts";
import { formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../src/ledger/ledger-judge.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun, type WorkflowRun } from "../oidc/format-claims.ts";
import { type OidcIssuer, startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

const RUN = deployRun({ fullName: "acme/infra", id: 42, ownerId: 7 });
const FIRST_MS = Date.parse("2026-03-01T12:00:00Z");

let issuer: OidcIssuer;
let nowMs: number;

beforeEach(async () => {
  issuer = await startOidcIssuer();
  nowMs = FIRST_MS + 3_600_000;
  onTestFinished(() => issuer.stop());
});

const process = () => new LedgerJudge(new IssuerKeys(issuer.url, () => nowMs), () => nowMs);

/** What a deploy job publishes that many minutes after the first time. */
const published = (minute: number, over: Partial<LedgerEntry> = {}, run: Partial<WorkflowRun> = {}) => {
  const publishedAt = new Date(FIRST_MS + minute * 60_000).toISOString();
  return attestedEntry(issuer, { ...RUN, ...run }, ledgerEntry({ publishedAt, ...over }));
};

async function judge(
  by: LedgerJudge,
  entry: LedgerEntry,
  earlier: readonly LedgerEntry[] = [],
  { alias = "shop.prod", repositoryFile = {} }: { alias?: string; repositoryFile?: RepositoryFile } = {},
): Promise<string> {
  const judgement = await by.judge({
    owner: "acme",
    repo: "infra",
    repositoryId: "42",
    alias,
    baseBranch: "main",
    entry,
    text: formatEntry(entry),
    earlier: earlier.map(formatEntry),
    repositoryFile,
  });
  return judgement.kind === "accepted" ? "accepted" : `${judgement.kind}: ${judgement.message}`;
}

describe("an entry of before that is put back", () => {
  it("is refused where the ledger's history holds a newer one", async () => {
    const [old, newer] = [await published(0, { applied: { web: 9 } }), await published(5)];
    expect(await judge(process(), old, [newer, old])).toMatch(
      /^outdated: .*an older one was put back \(published 2026-03-01T12:00:00.000Z; one of 2026-03-01T12:05:00.000Z/,
    );
    expect(await judge(process(), newer, [old])).toBe("accepted");
  });

  it("is refused where the newer one lies below others, broken and forged ones among them", async () => {
    const [old, newer] = [await published(0), await published(5)];
    const forged = { ...newer, applied: { web: 1 } };
    expect(await judge(process(), old, [forged, old, forged, newer, old])).toMatch(/^outdated: /);
    expect(await judge(process(), old, [forged, old])).toBe("accepted");
  });

  it("is refused where this process has seen a newer one, whatever the history says", async () => {
    const running = process();
    const [old, newer] = [await published(0), await published(5)];
    expect(await judge(running, newer)).toBe("accepted");
    expect(await judge(running, old)).toMatch(/^outdated: /);
    expect(await judge(running, newer)).toBe("accepted");
    expect(await judge(process(), old)).toBe("accepted");
  });

  it("is told by what the base branch has signed for this stack, and by nothing else", async () => {
    const entry = await published(0);
    const feature = await published(5, {}, { ref: "refs/heads/feature" });
    const staging = await published(5, { stack: "staging" });
    expect(await judge(process(), entry, [feature, staging])).toBe("accepted");
  });
});

describe("an entry of another stack", () => {
  it("is refused in this stack's file, though its signature is right", async () => {
    const staging = await published(0, { stack: "staging" });
    expect(await judge(process(), staging)).toContain("it is of shop.staging in .; for another alias");
    expect(await judge(process(), staging, [], { alias: "shop.staging" })).toBe("accepted");
  });

  it("is this stack's where the repository file maps the alias to it", async () => {
    const stacks = { web: { dir: "infra/", stack: "prod" } };
    const repositoryFile = { stacks };
    const judged = async (over: Partial<LedgerEntry>, alias = "web") =>
      judge(process(), await published(0, over), [], { alias, repositoryFile });
    expect(await judged({ dir: "infra" })).toBe("accepted");
    expect(await judged({ dir: "other" })).toContain("says otherwise of web");
    expect(await judged({ dir: "infra", stack: "dev" })).toContain("says otherwise of web");
    expect(await judged({ dir: "infra" }, "api")).toContain("`stacks: { api: { dir, stack } }`");
  });

  it("is refused in the file of its default name where the repository file has given it another one", async () => {
    // The other name's rules (approval, delivery, a pause) would not hold for it.
    const stacks = { web: { dir: "infra", stack: "prod", approval: { above: 5 } } };
    const judged = async (dir: string, own = {}) => {
      const repositoryFile = { stacks: { ...stacks, ...own } };
      return judge(process(), await published(0, { dir }), [], { repositoryFile });
    };
    expect(await judged("infra/")).toContain(
      "it is of shop.prod in infra/, which .github/pulumiscale.yml calls web",
    );
    expect(await judged("other")).toBe("accepted");
    expect(await judged("infra", { "shop.prod": { dir: "infra", stack: "prod" } })).toBe("accepted");
  });

  it("is refused where the repository file maps its own name to another place", async () => {
    const repositoryFile = { stacks: { "shop.prod": { dir: "infra" } } };
    expect(await judge(process(), await published(0), [], { repositoryFile })).toContain(
      "says otherwise of shop.prod",
    );
  });
});

describe("an entry without a signature", () => {
  it("is refused, with what to do", async () => {
    expect(await judge(process(), ledgerEntry())).toBe(
      "refused: the ledger entry of shop.prod is not accepted, since it has no attestation; publish it again from the deploy " +
        "workflow on main with `permissions: id-token: write`, or set `ledger: trust-writers` in .github/pulumiscale.yml",
    );
  });

  it("counts where the repository trusts its writers, and the issuer is not asked", async () => {
    const repositoryFile = { ledger: "trust-writers" } as const;
    expect(await judge(process(), ledgerEntry(), [], { repositoryFile })).toBe("accepted");
    expect(issuer.requests).toEqual([]);
  });
});

describe("a key that the issuer withdraws", () => {
  it("takes nothing away from what was accepted, and opens nothing new", async () => {
    const running = process();
    const [entry, swapped] = [await published(0), await published(1)];
    expect(await judge(running, entry)).toBe("accepted");
    await issuer.rotateKeys("withdraw");
    nowMs += 3_600_001;
    expect(await judge(running, entry)).toBe("accepted");
    expect(await judge(running, swapped)).toContain("is not, or no longer, one of");
    expect(await judge(process(), entry)).toContain("publish it again from the deploy workflow");
    expect(await judge(running, await published(121))).toBe("accepted");
  });

  it("and an issuer that is away are two things: the second may pass", async () => {
    issuer.failWith(503);
    expect(await judge(process(), await published(0))).toMatch(
      /^unreachable: the ledger entry of shop.prod cannot be verified, since the keys of .* set `ledger: trust-writers`/,
    );
  });
});
