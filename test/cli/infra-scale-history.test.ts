import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { formatReceipt, type PlanReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { receiptTrust } from "../../src/ledger/receipt-trust.ts";
import { idTokenRequest } from "../../src/ledger/request-id-token.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { infraScale, makeFolder, runProgram, startPlanWorld } from "../support/infra-scale-world.ts";

const PROD = "ops/plans/infra-scale/prod/plan.yaml";

async function makeRepository() {
  const cwd = await makeFolder();
  let minute = 0;
  const git = async (...args: string[]) => {
    const at = `2025-01-15T10:${String(minute).padStart(2, "0")}:00Z`;
    const identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"];
    const { code, lines, told } = await runProgram(["git", ...identity, ...args], cwd, {
      GIT_AUTHOR_DATE: at,
      GIT_COMMITTER_DATE: at,
    });
    if (code !== 0) throw new Error(`git ${args[0]}: ${told}`);
    return lines.join("\n");
  };
  await git("init", "-q", "-b", "main");
  const write = async (file: string, text: string | Buffer) => {
    await mkdir(path.dirname(path.join(cwd, file)), { recursive: true });
    await writeFile(path.join(cwd, file), text);
  };
  const commit = async () => {
    minute += 1;
    await git("add", "-A");
    await git("commit", "-q", "-m", "a plan");
    return git("rev-parse", "HEAD");
  };
  return { cwd, git, write, commit };
}

const planText = (replicas: number, createdAt = "2025-01-15T09:00:00.000Z") => `apiVersion: infra.scale/v1
kind: ScalePlan
metadata: { createdAt: ${createdAt}, target: prod }
context: { kubeContext: null, namespace: assistant }
assumptions: { autoscaling: hpa }
actions:
  - { action: scale_workload, kind: Deployment, name: web, namespace: assistant, from: 2, to: ${replicas}, reason: requested_scale }
rollbackHints: []
risks: []
notes: []
`;

const receiptOf = (
  blob: string,
  outcome: PlanReceipt["outcome"],
  message = "",
  publishedAt = "2025-01-15T10:00:00.000Z",
): string =>
  formatReceipt({
    apiVersion: "infra.scale/v1",
    kind: "PlanReceipt",
    plan: { path: PROD, blob, createdAt: "2025-01-15T09:00:00.000Z", target: "prod" },
    outcome,
    message,
    run: "a-run",
    startedAt: "2025-01-15T10:00:00.000Z",
    publishedAt,
    finishedAt: "2025-01-15T10:01:00.000Z",
    runUrl: null,
    actions: [],
    rollbackHints: [],
    attestation: null,
  });

it("shows the plans of the repository with their receipts, newest first, as a table and as JSON", async () => {
  const { cwd, git, write, commit } = await makeRepository();
  expect((await infraScale(cwd, ["history"])).lines).toEqual(["No plan was ever merged here."]);
  const commits: string[] = [];
  const blobs: string[] = [];
  for (const replicas of [3, 4, 5, 6]) {
    await write(PROD, planText(replicas));
    commits.push(await commit());
    blobs.push(await git("rev-parse", `HEAD:${PROD}`));
  }
  await git("checkout", "-q", "--orphan", "pulumiscale");
  await git("rm", "-rqf", ".");
  const receipt = "ops/plans/infra-scale/prod/receipt.json";
  for (const [index, outcome] of [
    [0, "applying"],
    [0, "applied"],
    [2, "rolled-back"],
  ] as const) {
    await write(
      receipt,
      receiptOf(blobs[index] ?? "", outcome, index === 2 ? "Deployment/web has 1 of 5" : ""),
    );
    await commit();
  }
  await git("checkout", "-q", "main");
  const { code, lines, told } = await infraScale(cwd, ["history"]);
  const [c0 = "", c1 = "", c2 = "", c3 = ""] = commits.map((commit) => commit.slice(0, 12));
  expect([code, told]).toEqual([
    0,
    "Whoever may push can have written a receipt that is unverified (GH_OWNER, GH_REPO, GITHUB_TOKEN is not set, so GitHub was not asked who has signed it).\n",
  ]);
  const cells = lines.map((line) => line.split(/ {2,}/));
  expect(cells).toEqual([
    ["merged", "target", "namespace", "plan", "outcome", "commit"],
    ["2025-01-15T10:04:00Z", "prod", "assistant", "Deployment/web → 6", "due", c3],
    [
      "2025-01-15T10:03:00Z",
      "prod",
      "assistant",
      "Deployment/web → 5",
      "rolled-back (unverified): Deployment/web has 1 of 5",
      c2,
    ],
    ["2025-01-15T10:02:00Z", "prod", "assistant", "Deployment/web → 4", "superseded", c1],
    ["2025-01-15T10:01:00Z", "prod", "assistant", "Deployment/web → 3", "applied (unverified)", c0],
  ]);
  const json = await infraScale(path.join(cwd, "ops"), ["history", "--json"]);
  expect(
    JSON.parse(json.lines.join("\n")).history.map(({ outcome, blob, receipt }: never) => [
      outcome,
      blob,
      receipt === null,
    ]),
  ).toEqual([
    ["due", blobs[3], true],
    ["rolled-back", blobs[2], false],
    ["superseded", blobs[1], true],
    ["applied", blobs[0], false],
  ]);
});

it("shows which receipts a job of the default branch has signed, and takes no forged one before them", async () => {
  const issuer = await startOidcIssuer();
  onTestFinished(() => issuer.stop());
  const { github, environment, octokit, repository } = await startPlanWorld();
  const { data } = await octokit.request("GET /repos/{owner}/{repo}", repository);
  const run = deployRun({ fullName: data.full_name, id: Number(data.id), ownerId: Number(data.owner.id) });
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = issuer.openJob(run);
  const place = { baseBranch: "main", read: async () => ({ repositoryId: "", repositoryFile: null }) };
  const keys = new IssuerKeys(issuer.url, Date.now);
  const { sign } = receiptTrust(place, keys, Date.now, idTokenRequest(url, token));
  const { cwd, git, write, commit } = await makeRepository();
  const blobs: string[] = [];
  for (const replicas of [3, 4]) {
    await write(PROD, planText(replicas));
    await commit();
    blobs.push(await git("rev-parse", `HEAD:${PROD}`));
  }
  await git("checkout", "-q", "--orphan", "pulumiscale");
  await git("rm", "-rqf", ".");
  const [first = "", second = ""] = blobs;
  const unsigned = receiptOf(first, "rolled-back", "", new Date().toISOString());
  const signed = { ...JSON.parse(unsigned), attestation: await sign(unsigned) };
  const texts = [JSON.stringify(signed), receiptOf(first, "applied"), receiptOf(second, "applied")];
  for (const text of texts) {
    await write("ops/plans/infra-scale/prod/receipt.json", text);
    await commit();
  }
  await git("checkout", "-q", "main");
  const outcomes = async (more: Record<string, string>) => {
    const shown = await infraScale(cwd, ["history"], {
      ...environment,
      PULUMISCALE_OIDC_ISSUER: issuer.url,
      ...more,
    });
    return [...shown.lines.slice(1).map((line) => line.split(/ {2,}/)[4]), shown.told];
  };
  const noSignature = "(it has no signature: give the job `permissions: id-token: write`).\n";
  expect(await outcomes({})).toEqual([
    ...["applied (unverified)", "rolled-back"],
    `Whoever may push can have written a receipt that is unverified ${noSignature}`,
  ]);
  // Another repository's, and nobody whom GitHub answers.
  await github.createRepository({ owner: "your-org", name: "other", files: { "a.md": "a" } });
  expect((await outcomes({ GH_REPO: "other" }))[1]).toBe("applied (unverified)");
  const [, refused, told] = await outcomes({ GITHUB_TOKEN: "ghp_nobody" });
  expect(refused).toBe("applied (unverified)");
  expect(told).not.toContain("ghp_nobody");
  await github.commit("your-org/your-repo", {
    ...{ branch: "main", message: "trust", login: "your-org" },
    files: { ".github/pulumiscale.yml": "ledger: trust-writers\n" },
  });
  expect(await outcomes({})).toEqual(["applied", "applied", ""]);
});

it("shows a file that is no plan as one line, whatever is in it", async () => {
  const { cwd, write, commit } = await makeRepository();
  const at = (target: string) => `ops/plans/infra-scale/${target}/plan.yaml`;
  await write(at("binary"), Buffer.from([0, 1, 2, 255]));
  await write(at("bomb"), `a: &a [x]\nb: &b [${"*a,".repeat(50)}]\nc: [${"*b,".repeat(50)}]\n`);
  await write(at("deep"), "[".repeat(100_000));
  await write(at("escape"), `apiVersion: "\\e[2J\\nfake"\n`);
  await write(at("large"), "x".repeat(3_000_000));
  await write(at("odd\nname"), planText(3));
  await write(at("wide"), planText(3).replace("name: web", `name: "web\\u202e\\e[31m"`));
  await mkdir(path.join(cwd, "ops/plans/infra-scale/link"), { recursive: true });
  await symlink("/etc/passwd", path.join(cwd, at("link")));
  await commit();
  const { code, lines, told } = await infraScale(cwd, ["history"]);
  expect(code).toBe(0);
  expect(told).toContain("git fetch origin pulumiscale");
  expect(lines).toHaveLength(7);
  for (const line of lines.slice(1)) {
    expect(line).toMatch(/^2025-01-15T10:01:00Z {2}/);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line.length).toBeLessThan(300);
  }
  expect(lines.slice(1).map((line) => /unreadable|due/.exec(line)?.[0])).toEqual([
    ...Array.from({ length: 5 }, () => "unreadable"),
    "due",
  ]);
});

it("takes nothing but --json, and a repository", async () => {
  const cwd = await makeFolder();
  expect(await infraScale(cwd, ["history", "--yaml"])).toMatchObject({
    code: 1,
    lines: ["failed"],
    told: "--yaml: expected infra.scale history [--json].\n",
  });
  expect(await infraScale(cwd, ["history"])).toMatchObject({
    code: 1,
    lines: ["failed"],
    told: expect.stringContaining("is in no git repository"),
  });
});
