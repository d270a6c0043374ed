import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeployPlace } from "../../src/apply/apply-forge.ts";
import { createApplyForge } from "../../src/forge/github-apply-client.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";

const REPO = "acme/infra";
const ABSENT = "0123456789abcdef0123456789abcdef01234567";
const place: DeployPlace = {
  owner: "acme",
  repo: "infra",
  baseBranch: "main",
  alias: "shop.prod",
  dir: "deploy",
  stackFilePath: "deploy/config/Pulumi.prod.yaml",
};

let github: GitHubStandIn;
let now: Date;

beforeEach(async () => {
  now = new Date("2026-11-20T12:00:00Z");
  github = await startGitHub({ now: () => now });
  github.createUser("acme");
  await github.createRepository({
    owner: "acme",
    name: "infra",
    files: {
      "README.md": "# infra\n",
      "deploy/Pulumi.yaml": "name: shop\nstackConfigDir: config\n",
      "deploy/config/Pulumi.prod.yaml": values(1),
    },
  });
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github.stop();
});

function values(web: number): string {
  return `config:\n  shop:web: ${web}\n`;
}

function token(permissions: Record<string, "read" | "write">): string {
  return github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { metadata: "read", ...permissions },
  });
}

function forge() {
  return createApplyForge(token({ contents: "write", checks: "write" }), github.apiUrl);
}

async function commit(web: number, branch = "main"): Promise<string> {
  now = new Date(now.getTime() + 60_000);
  return github.commit(REPO, {
    branch,
    message: `web ${web}`,
    files: { [place.stackFilePath]: values(web) },
  });
}

const write = (text: string, expectedHeadOid: string | null) => ({
  expectedHeadOid,
  path: "stacks/shop.prod.json",
  text,
  headline: "ledger(shop.prod): test",
  body: "Pulumiscale-Stack: shop.prod",
});

describe("the head", () => {
  it("is asked for again where GitHub could not serve it, twice", async () => {
    const unavailable = { match: { path: /graphql$/ }, kind: "status", status: 502 } as const;
    github.faults.add({ ...unavailable, times: 2 });
    expect(await forge().readHead(place, [])).toMatchObject({ headOid: await github.readRef(REPO, "main") });
    github.faults.add({ ...unavailable, times: 3 });
    await expect(forge().readHead(place, [])).rejects.toMatchObject({ code: "unavailable" });
    expect(github.faults.pending()).toEqual([]);
  });

  it("is read in one request with other commits and the ledger", async () => {
    const before = (await github.readRef(REPO, "main")) ?? "";
    const head = await commit(2);
    const { requests } = github;
    const count = requests.length;
    const read = await forge().readHead(place, [before, ABSENT]);
    expect(requests.length - count).toBe(1);
    expect(read).toMatchObject({
      headOid: head,
      head: { stackFile: { kind: "text", text: values(2) } },
      ledger: { headOid: null, text: null },
    });
    expect(read.others.get(before)?.stackFile).toEqual({ kind: "text", text: values(1) });
    expect(read.others.get(ABSENT)).toBeNull();
    expect([...read.head.folders.keys()]).toEqual(["deploy", "deploy/config"]);
    const entries = (state: typeof read.head | null | undefined, folder: string) =>
      state?.folders.get(folder);
    expect(entries(read.head, "deploy")?.get("Pulumi.yaml")).toBe(
      entries(read.others.get(before), "deploy")?.get("Pulumi.yaml"),
    );
    expect(entries(read.head, "deploy")?.get("config")).not.toBe(
      entries(read.others.get(before), "deploy")?.get("config"),
    );
  });

  it("of a program at the repository's root has the root's entries", async () => {
    const read = await forge().readHead({ ...place, dir: ".", stackFilePath: "Pulumi.prod.yaml" }, []);
    expect([...(read.head.folders.get(".")?.keys() ?? [])]).toEqual(["README.md", "deploy"]);
    expect(read.head.stackFile).toEqual({ kind: "missing" });
  });

  it("that is not there is a sentence with what to set", async () => {
    await expect(forge().readHead({ ...place, baseBranch: "live" }, [])).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/branch live is not in acme\/infra.*Set base-branch/),
    });
    await expect(forge().readHead({ ...place, dir: "nowhere" }, [])).rejects.toThrow(
      /no directory nowhere on main/,
    );
  });
});

describe("the stack file's history", () => {
  it("ends where the commit was, though that did not touch the file", async () => {
    await commit(2);
    const since = await github.commit(REPO, { message: "docs", files: { "README.md": "# docs\n" } });
    const [third, fourth] = [await commit(3), await commit(4)];
    const history = await forge().readHistory(place, fourth, since, []);
    expect(history.commits.map(({ oid }) => oid)).toEqual([fourth, third]);
    expect(history.commits[0]).toMatchObject({ message: "web 4", stackFile: { text: values(4) } });
    expect(history.isComplete).toBe(true);
  });

  it("has a merged branch whose commits are older than what stood on the base branch", async () => {
    const branched = await commit(7, "scale/late");
    now = new Date(now.getTime() + 60_000);
    const since = await github.commit(REPO, {
      message: "another setting",
      files: { [place.stackFilePath]: `# a comment\n${values(1)}` },
    });
    const octokit = new Octokit({
      baseUrl: github.apiUrl,
      auth: github.issueToken({ kind: "user", login: "acme" }),
    });
    const pull = await octokit.rest.pulls.create({
      owner: "acme",
      repo: "infra",
      title: "late",
      head: "scale/late",
      base: "main",
    });
    now = new Date(now.getTime() + 60_000);
    await octokit.rest.pulls.merge({
      owner: "acme",
      repo: "infra",
      pull_number: pull.data.number,
      merge_method: "merge",
    });
    const head = (await github.readRef(REPO, "main")) ?? "";
    const history = await forge().readHistory(place, head, since, []);
    expect(history.commits.map(({ oid }) => oid)).toContain(branched);
    expect(history.commits.map(({ oid }) => oid)).not.toContain(since);
    expect(history.isComplete).toBe(true);
  });

  it("is not complete where the commit is gone", async () => {
    const head = await commit(2);
    expect(await forge().readHistory(place, head, ABSENT, [])).toMatchObject({ isComplete: false });
  });
});

describe("the ledger", () => {
  it("comes to be as an orphan branch, and is written on top of what was read", async () => {
    await forge().commitToLedger(place, write("one\n", null));
    const first = await forge().readLedger(place);
    expect(first.text).toBe("one\n");
    await forge().commitToLedger(place, write("two\n", first.headOid));
    const log = await github.readLog(REPO, "pulumiscale");
    expect(log.map(({ parents }) => parents.length)).toEqual([1, 0]);
    expect(log[0]?.message.trim()).toBe("ledger(shop.prod): test\n\nPulumiscale-Stack: shop.prod");
  });

  it("that has moved, or has come to be meanwhile, is a conflict", async () => {
    await forge().commitToLedger(place, write("one\n", null));
    const { headOid } = await forge().readLedger(place);
    await forge().commitToLedger(place, write("two\n", headOid));
    await expect(forge().commitToLedger(place, write("three\n", headOid))).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(forge().commitToLedger(place, write("three\n", null))).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await forge().readLedger(place)).text).toBe("two\n");
  });

  it("is not written with a token that may only read", async () => {
    const reader = createApplyForge(token({ contents: "read" }), github.apiUrl);
    await expect(reader.commitToLedger(place, write("one\n", null))).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it("lists its stacks with each one's stack file", async () => {
    const entry = { schemaVersion: 1, project: "shop", stack: "prod", dir: "deploy", pools: {}, applied: {} };
    const whole = {
      ...entry,
      deployed: null,
      commit: ABSENT,
      publishedAt: now,
      tokenHashes: [],
      receipt: null,
      attestation: null,
    };
    await forge().commitToLedger(place, write(JSON.stringify(whole), null));
    const { requests } = github;
    const count = requests.length;
    expect(await forge().listStacks(place)).toEqual([{ place, entry: JSON.stringify(whole) }]);
    expect(requests.length - count).toBe(2);
  });
});

it("a commit includes its ancestors, and they do not include it", async () => {
  const older = (await github.readRef(REPO, "main")) ?? "";
  const newer = await commit(2);
  expect(await forge().includes(place, newer, older)).toBe(true);
  expect(await forge().includes(place, older, newer)).toBe(false);
  expect(await forge().includes(place, newer, newer)).toBe(true);
});
