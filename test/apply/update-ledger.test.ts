import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { LedgerTrust } from "../../src/apply/trusted-entry.ts";
import { updateLedger } from "../../src/apply/update-ledger.ts";
import { createApplyForge } from "../../src/forge/github-apply-client.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";

const REPO = "acme/infra";
const place = {
  owner: "acme",
  repo: "infra",
  baseBranch: "main",
  alias: "shop.prod",
  dir: ".",
  stackFilePath: "Pulumi.prod.yaml",
};
const entry: LedgerEntry = {
  schemaVersion: 1,
  project: "shop",
  stack: "prod",
  dir: ".",
  pools: {},
  applied: { web: 3 },
  deployed: null,
  commit: "c",
  publishedAt: "2026-11-20T12:00:00Z",
  tokenHashes: [],
  receipt: null,
  attestation: null,
};

let github: GitHubStandIn;

beforeEach(async () => {
  github = await startGitHub();
  github.createUser("acme");
  await github.createRepository({ owner: "acme", name: "infra", files: { "README.md": "# infra\n" } });
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  expect(github.faults.pending()).toEqual([]);
  await github.stop();
});

function issueToken(): string {
  const permissions = { contents: "write", metadata: "read" } as const;
  return github.issueToken({ kind: "workflow", repo: REPO, permissions });
}

const trust: LedgerTrust = {
  judge: { judge: async () => ({ kind: "accepted" }) },
  requestToken: null,
};

async function write(web: number, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  const forge = createApplyForge(issueToken(), github.apiUrl);
  const read = await forge.readLedger(place);
  await meanwhile();
  await updateLedger(forge, place, read, "apply", trust, () => ({ ...entry, applied: { web } }));
}

async function stands(): Promise<{ web: unknown; commits: number }> {
  const text = await github.readFile(REPO, "stacks/shop.prod.json", "pulumiscale");
  const log = await github.readLog(REPO, "pulumiscale");
  return { web: JSON.parse(text ?? "null")?.applied.web, commits: log.length };
}

it("writes once where the answer to the branch's creation was lost", async () => {
  github.faults.add({ match: { operation: "git/create-ref" }, kind: "lost-answer" });
  await write(3);
  expect(await stands()).toEqual({ web: 3, commits: 1 });
});

it("writes once where the answer to the commit was lost", async () => {
  await write(3);
  github.faults.add({ match: { operation: "createCommitOnBranch" }, kind: "lost-answer" });
  await write(4);
  expect(await stands()).toEqual({ web: 4, commits: 2 });
});

it("tries again where GitHub could not serve the write", async () => {
  await write(3);
  github.faults.add({ match: { operation: "createCommitOnBranch" }, kind: "status", status: 502, times: 2 });
  await write(4);
  expect(await stands()).toEqual({ web: 4, commits: 2 });
});

it("makes the branch anew where it was deleted meanwhile", async () => {
  await write(3);
  const octokit = new Octokit({ baseUrl: github.apiUrl, auth: issueToken() });
  await write(4, () =>
    octokit.rest.git.deleteRef({ owner: "acme", repo: "infra", ref: "heads/pulumiscale" }),
  );
  expect(await stands()).toEqual({ web: 4, commits: 1 });
});

it("overwrites nothing that a newer version wrote meanwhile", async () => {
  const newer = '{ "schemaVersion": 2 }\n';
  await write(3);
  const raced = write(4, () =>
    github.commit(REPO, {
      branch: "pulumiscale",
      files: { "stacks/shop.prod.json": newer },
      message: "newer",
    }),
  );
  await expect(raced).rejects.toThrow("written by a newer version (schemaVersion 2), so it is left alone");
  expect(await github.readFile(REPO, "stacks/shop.prod.json", "pulumiscale")).toBe(newer);
});

it("overwrites nothing that cannot be read", async () => {
  const large = `{ "schemaVersion": 2, "more": "${"x".repeat(1_000_000)}" }\n`;
  await write(3);
  await github.commit(REPO, {
    branch: "pulumiscale",
    files: { "stacks/shop.prod.json": large },
    message: "large",
  });
  await expect(write(4)).rejects.toThrow("The ledger's entry of shop.prod is not readable");
  expect(await github.readFile(REPO, "stacks/shop.prod.json", "pulumiscale")).toBe(large);
});
