import { once } from "node:events";
import { expect, it } from "vitest";
import { z } from "zod";
import { readDoctorFacts } from "../../src/forge/github-doctor.ts";
import { doctorClients } from "../../src/forge/github-doctor-client.ts";
import { startGuardWorld } from "../support/guard-world.ts";
import { startProcess } from "../world/start-process.ts";

const Answer = z.object({
  findings: z.array(
    z.object({
      check: z.string(),
      subject: z.string(),
      state: z.string(),
      message: z.string(),
      fix: z.string(),
    }),
  ),
});

async function doctor(environment: Record<string, string>, repository = "acme/infra", ...args: string[]) {
  const env = { APP_ID: "", PRIVATE_KEY: "", GITHUB_TOKEN: "", GH_TOKEN: "", ...environment };
  const running = startProcess(process.execPath, ["src/cli/main.ts", "doctor", repository, ...args], { env });
  const [code] = await once(running.child, "close");
  return { code, text: running.lines.join("\n") };
}

const WORKFLOW = `on: push
concurrency: deploy
permissions: { contents: write, checks: write, id-token: write }
jobs:
  deploy:
    environment: prod
    steps: [{ uses: pulumiscale/pulumiscale/action@v0, with: { command: apply } }]
`;

async function startWorld() {
  const world = await startGuardWorld({
    files: { ".github/workflows/deploy.yml": WORKFLOW, CODEOWNERS: "* @acme/all\n" },
  });
  const { github, app } = world;
  github.createUser("ada");
  github.addCollaborator("acme/infra", "ada", "admin");
  const states = async (environment: Record<string, string>) => {
    const { code, text } = await doctor(
      { GITHUB_API_URL: github.apiUrl, ...environment },
      "acme/infra",
      "--json",
    );
    const { findings } = Answer.parse(JSON.parse(text));
    return { code, told: Object.fromEntries(findings.map(({ check, state }) => [check, state])), findings };
  };
  const asApp = { APP_ID: String(app.appId), PRIVATE_KEY: app.privateKey };
  const asAda = { GITHUB_TOKEN: github.issueToken({ kind: "user", login: "ada" }) };
  return { ...world, states, asApp, asAda };
}

it("sees what GitHub knows: as an administrator with the App's key everything, as the App what it may", async () => {
  const { github, app, states, asApp, asAda } = await startWorld();
  github.createEnvironment("acme/infra", { name: "prod", reviewers: ["alice"] });
  await github.commit("acme/infra", {
    branch: "scale-approval",
    message: "mine",
    login: "alice",
    files: { a: "b" },
  });
  github.protect("acme/infra", "main", {
    kind: "ruleset",
    requirePullRequest: true,
    requiredChecks: [{ context: "pulumiscale/guard", appId: app.appId }],
    bypassActors: [{ appId: app.appId, mode: "pull_request" }],
  });
  const all = await states({ ...asApp, ...asAda });
  expect(all).toMatchObject({
    code: 1,
    told: {
      permissions: "good",
      events: "good",
      "auto-merge": "warning",
      "branch-names": "problem",
      ledger: "warning",
      guard: "good",
      bypass: "good",
      environment: "problem",
      published: "good",
    },
  });
  const own = await states(asApp);
  expect(own.told).toMatchObject({
    permissions: "good",
    guard: "good",
    bypass: "unknown",
    environment: "unknown",
  });
  expect(github.violations).toEqual([]);
});

it("tells people and teams on a bypass list, owners who hold up each scale, and signatures that a rebase lacks", async () => {
  const { github, states, asAda } = await startWorld();
  github.createTeam("acme", "ops", ["ada"]);
  const rules = { kind: "ruleset", requireCodeOwnerReview: true, requireSignatures: true } as const;
  github.protect("acme/infra", "main", rules);
  expect((await states(asAda)).told).toMatchObject({
    bypass: "good",
    "code-owners": "problem",
    // This server may be one that signs nothing.
    signatures: "warning",
  });
  await github.commit("acme/infra", {
    message: "rebase",
    files: { ".github/pulumiscale.yml": "defaults: { mergeMethod: rebase }\n", CODEOWNERS: null },
  });
  for (const actor of [{ team: "ops" }, { login: "alice" }]) {
    github.protect("acme/infra", "main", { ...rules, bypassActors: [{ ...actor, mode: "always" }] });
    const { told, findings } = await states(asAda);
    expect(told).toMatchObject({ bypass: "warning", signatures: "problem" });
    expect(told).not.toHaveProperty("code-owners");
    const who = "team" in actor ? "a team" : "a person";
    expect(findings.find(({ check }) => check === "bypass")?.message).toContain(who);
  }
  expect(github.violations).toEqual([]);
});

it("knows the App by its guard's report, and tells a required check of any source", async () => {
  const { github, states, asAda, open, reported } = await startWorld();
  expect((await states(asAda)).told).toMatchObject({ app: "unknown", guard: "warning" });
  const pull = await open({ "README.md": "x" });
  await reported(pull.head, "success");
  github.protect("acme/infra", "main", { requiredChecks: [{ context: "pulumiscale/guard", appId: null }] });
  expect((await states(asAda)).told).toMatchObject({ permissions: "good", guard: "problem" });
  github.protect("acme/infra", "main", { requiredChecks: [{ context: "pulumiscale/guard", appId: 4711 }] });
  const { findings } = await states(asAda);
  expect(findings.find(({ check }) => check === "guard")?.message).toContain("another App (4711)");
});

it("sees reviews that each scale would wait for, by a ruleset and by branch protection", async () => {
  const { github, app, states, asAda, asApp } = await startWorld();
  const reviews = async () => (await states({ ...asAda, ...asApp })).told.reviews;
  for (const kind of ["ruleset", "branch-protection"] as const) {
    github.protect("acme/infra", "main", { kind, requiredApprovals: 1 });
    expect(await reviews()).toBe("warning");
    const bypassActors = [{ appId: app.appId, mode: "pull_request" }] as const;
    github.protect("acme/infra", "main", { kind, requiredApprovals: 1, bypassActors });
    expect(await reviews()).toBeUndefined();
  }
});

it("sees whom the ledger branch takes a push from, by a ruleset and by branch protection", async () => {
  const { github, app, states, asAda, asApp } = await startWorld();
  const ledger = async () => {
    const { findings } = await states({ ...asAda, ...asApp });
    return findings.find(({ check }) => check === "ledger")?.message;
  };
  for (const kind of ["ruleset", "branch-protection"] as const) {
    const rules = { kind, requirePullRequest: true };
    github.protect("acme/infra", "pulumiscale", rules);
    expect(await ledger()).toContain("no push from the deploy workflow, nor from the App");
    const bypassActors = [{ appId: app.appId, mode: "always" }] as const;
    github.protect("acme/infra", "pulumiscale", { ...rules, bypassActors });
    expect(await ledger()).toContain("no push from the deploy workflow (");
  }
  github.protect("acme/infra", "pulumiscale", { pushers: [app.appId] });
  expect(await ledger()).toContain("no push from the deploy workflow (restricted pushes)");
  github.protect("acme/infra", "pulumiscale", { kind: "ruleset", blockForcePushes: true });
  expect(await ledger()).toBe("");
});

it("sees whether squashes leave the message out", async () => {
  const { github, states, asAda } = await startWorld();
  expect((await states(asAda)).told).not.toHaveProperty("squash-message");
  github.changeSettings("acme/infra", { squash_merge_commit_message: "BLANK" });
  expect((await states(asAda)).told).toMatchObject({ "squash-message": "warning" });
});

it("says what is missing where it may not look at all, and prints a table for people", async () => {
  const { github, asAda, asApp, installation } = await startWorld();
  const api = { GITHUB_API_URL: github.apiUrl };
  expect(await doctor(api)).toMatchObject({ code: 2, text: expect.stringContaining("GITHUB_TOKEN") });
  expect(await doctor(asAda, "acme")).toMatchObject({ code: 2 });
  const none = await doctor({ ...api, ...asAda }, "acme/none");
  expect([none.code, none.text]).toEqual([1, expect.stringContaining("acme/none is not there")]);
  const table = await doctor({ ...api, ...asAda });
  expect(table.text).toMatch(/^ok +\.github\/pulumiscale\.yml/m);
  installation.uninstall();
  const gone = await doctor({ ...api, ...asAda, ...asApp });
  expect([gone.code, gone.text]).toEqual([1, expect.stringContaining("It is not installed on acme/infra")]);
});

it.each([
  ["beside the project file", { "Pulumi.yaml": "name: shop\nruntime: yaml\n" }, "Pulumi.prod.yaml"],
  [
    "where the project file says",
    { "Pulumi.yaml": "name: shop\nruntime: yaml\nstackConfigDir: ./config\n" },
    "config/Pulumi.prod.yaml",
  ],
  [
    "under the project file's own ending",
    { "Pulumi.yaml": null, "Pulumi.yml": "name: shop\n" },
    "Pulumi.prod.yml",
  ],
  ["beside a project file that is none", { "Pulumi.yaml": "[" }, "Pulumi.prod.yaml"],
])("finds the stack file %s", async (_where, files, path) => {
  const { github, asAda } = await startWorld();
  await github.commit("acme/infra", { message: "move", login: "ada", files });
  const place = { owner: "acme", repo: "infra" };
  const clients = await doctorClients(github.apiUrl, place, asAda.GITHUB_TOKEN, null);
  const { stacks } = await readDoctorFacts(clients, place, "github.com");
  expect(stacks).toEqual([{ alias: "shop.prod", dir: ".", path }]);
});
