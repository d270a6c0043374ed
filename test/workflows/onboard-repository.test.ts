import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseDeployWorkflow } from "../../src/domain/deploy-workflow.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";
import { listInstalledRepositories } from "../../src/forge/github-installations.ts";
import { GitHubOnboarding } from "../../src/forge/github-onboarding.ts";
import { headMarkKey } from "../../src/forge/head-mark.ts";
import { Background } from "../../src/workflows/background.ts";
import { Onboarding } from "../../src/workflows/onboard-repository.ts";
import { findStacks } from "../../src/workflows/onboard-stacks.ts";
import { renderOnboarding, workflowLink } from "../../src/workflows/onboard-words.ts";
import { startForge } from "../forge/github-world.ts";
import { eventually, startAppWorld } from "../support/app-world.ts";

const BRANCH = "configure-pulumiscale";
const FILE = ".github/pulumiscale.yml";
const Pulls = z.array(
  z.object({ number: z.int(), state: z.string(), body: z.string(), user: z.object({ login: z.string() }) }),
);

/** The stand-in with `acme/infra`, and a way to greet it as a process does that has just started. */
async function startWorld(files: Record<string, string> = {}) {
  const world = await startForge(files);
  const { github, clients, app } = world;
  const token = github.issueToken({ kind: "user", login: "alice" });
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${github.apiUrl}/repos/acme/${path}`, {
      method,
      headers: { authorization: `bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  };
  const pulls = async (repo = "infra") =>
    Pulls.parse(await call("GET", `${repo}/pulls?state=all&head=acme:${BRANCH}`));
  const errors: unknown[] = [];
  let nowMs = Date.now();
  const startProcess = () => {
    const background = new Background((_name, error) => errors.push(error));
    const onboarding = new Onboarding({
      forge: new GitHubOnboarding((...of) => clients.clientFor(...of), headMarkKey(app.privateKey)),
      background,
      clock: () => nowMs,
      onOpened: () => {},
      onError: (_name, error) => errors.push(error),
    });
    const greet = async (...repos: string[]) => {
      for (const repo of repos)
        onboarding.listed({ owner: "acme", repo, hasSettings: false, hasLedger: false });
      await background.idle();
    };
    return { onboarding, greet };
  };
  const learn = async () => {
    for await (const _ of listInstalledRepositories(clients, () => {}));
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ...world, call, pulls, errors, startProcess, learn, pass };
}

describe("the first pull request", () => {
  it("is opened once, with a file that changes nothing and links that are filled in", async () => {
    const { github, pulls, startProcess, call, errors, app } = await startWorld();
    const { greet } = startProcess();
    await greet("infra");
    await greet("infra");
    await startProcess().greet("infra");
    expect(errors).toEqual([]);
    const [pull, ...others] = await pulls();
    expect([others.length, pull?.user.login, pull?.state]).toEqual([0, app.botLogin, "open"]);
    expect(pull?.body).toContain("`shop.prod`");
    const text = (await github.readFile("acme/infra", FILE, BRANCH)) ?? "";
    expect(text).toContain('#   "shop.prod": {}');
    expect(parseRepositoryFile(text)).toEqual({ kind: "good", file: {} });
    const uncommented = text.replace(/^# (?=\w+:(?: |$)| {2})/gm, "");
    expect(parseRepositoryFile(uncommented)).toMatchObject({
      kind: "good",
      file: { stacks: { "shop.prod": {} } },
    });
    const url = /\((http[^)]+\/new\/[^)]+)\)/.exec(pull?.body ?? "")?.[1] ?? "";
    expect(new URL(url).pathname).toBe("/acme/infra/new/main");
    const workflow = parseDeployWorkflow("w", new URL(url).searchParams.get("value") ?? "");
    expect(workflow).toMatchObject({ onPush: true, jobs: [{ applies: true, upsAlways: false }] });
    await call("PATCH", `infra/pulls/${pull?.number}`, { state: "closed" });
    await call("DELETE", `infra/git/refs/heads/${BRANCH}`).catch(() => {});
    await startProcess().greet("infra");
    expect((await pulls()).map(({ state }) => state)).toEqual(["closed"]);
    expect(github.violations).toEqual([]);
  });

  it.each([
    ["no program", { "Pulumi.yaml": null }],
    ["only one of a package", { "Pulumi.yaml": null, "node_modules/x/Pulumi.yaml": "name: x\n" }],
    ["a repository file", { [FILE]: "paused: true\n" }],
  ])("is not opened where there is %s, and nothing is written", async (_what, files) => {
    const { github, startProcess, errors } = await startWorld();
    await github.commit("acme/infra", { files, message: "change", login: "alice" });
    const before = github.requests.length;
    await startProcess().greet("infra");
    expect(errors).toEqual([]);
    expect(github.requests.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
    expect(github.requests.length).toBeGreaterThan(before);
  });

  it("leaves a branch of that name alone that somebody else has made", async () => {
    const { github, pulls, startProcess, errors } = await startWorld();
    const mine = await github.commit("acme/infra", {
      branch: BRANCH,
      files: { a: "b" },
      message: "mine",
      login: "alice",
    });
    const { greet, onboarding } = startProcess();
    await greet("infra");
    expect([await github.readRef("acme/infra", BRANCH), await pulls()]).toEqual([mine, []]);
    expect(String(errors)).toContain("left alone");
    expect(onboarding.isNext({ owner: "acme", repo: "infra" })).toBe(false);
  });

  const WRITES = ["git/create-tree", "git/create-commit", "git/create-ref", "pulls/create"] as const;
  it.each(
    WRITES.flatMap(
      (operation) =>
        [
          [operation, "status"],
          [operation, "lost-answer"],
        ] as const,
    ),
  )("is finished by the next process where one ended at %s (%s)", async (operation, kind) => {
    const { github, pulls, startProcess } = await startWorld();
    github.faults.add({ match: { operation }, kind, ...(kind === "status" ? { status: 502 } : {}) });
    await startProcess().greet("infra");
    await startProcess().greet("infra");
    expect((await pulls()).length).toBe(1);
    expect((await github.readLog("acme/infra", BRANCH)).length).toBe(2);
    expect(github.violations).toEqual([]);
  });

  it("is finished where the repository is renamed in between", async () => {
    const { github, learn, pulls, startProcess } = await startWorld();
    github.faults.add({ match: { operation: "pulls/create" }, kind: "status", status: 502 });
    await startProcess().greet("infra");
    await github.renameRepository("acme/infra", "platform", "alice");
    await learn();
    await startProcess().greet("platform");
    expect(await pulls("platform")).toHaveLength(1);
  });

  it("is opened once by two processes at the same time", async () => {
    const { pulls, startProcess, github } = await startWorld();
    await Promise.all([startProcess().greet("infra"), startProcess().greet("infra")]);
    await startProcess().greet("infra");
    expect((await pulls()).length).toBe(1);
    expect((await github.readLog("acme/infra", BRANCH)).length).toBe(2);
  });

  it("comes to eight repositories an hour, and to the others later, one after the other", async () => {
    const { github, learn, pass, startProcess } = await startWorld();
    const repos = Array.from({ length: 10 }, (_, index) => `r${index}`);
    for (const name of repos)
      await github.createRepository({ owner: "acme", name, files: { "Pulumi.yaml": "name: a\n" } });
    await learn();
    const { greet, onboarding } = startProcess();
    await greet(...repos);
    const opened = () =>
      github.requests.filter(({ operations }) => operations.includes("pulls/create")).length;
    expect(opened()).toBe(8);
    const next = repos.filter((repo) => onboarding.isNext({ owner: "acme", repo }));
    expect(next).toEqual(["r8"]);
    await greet(...next);
    expect(opened()).toBe(8);
    pass(3_600_001);
    await greet(...next);
    expect(opened()).toBe(10);
  });

  it("comes from the app itself, to a repository without a ledger alone", async () => {
    const { github, startReplica } = await startAppWorld();
    await github.createRepository({
      owner: "acme",
      name: "new",
      files: { "a/Pulumi.yaml": "name: a\nruntime: nodejs\n", "a/Pulumi.dev.yaml": "" },
    });
    await startReplica();
    const pull = () => github.readFile("acme/new", FILE, BRANCH);
    expect(await eventually(pull, (text) => text !== null)).toContain('"a.dev"');
    await startReplica();
    expect(await github.listBranches("acme/infra")).not.toContain(BRANCH);
  });
});

describe("the stacks of an example", () => {
  const sight = (programs: { dir: string; text: string }[], stackFiles: string[]) => ({
    repositoryNumber: "1",
    htmlUrl: "https://github.com/acme/infra",
    defaultBranch: "release/x (1)",
    headOid: "",
    programs,
    stackFiles,
  });

  it("are those that the files name, in the folder that the project says", () => {
    const found = findStacks(
      sight(
        [
          { dir: ".", text: "name: root\nruntime: { name: nodejs }\nstackConfigDir: ./config\n" },
          { dir: "apps/web", text: "name: web\nruntime: python\n" },
        ],
        ["Pulumi.no.yaml", "config/Pulumi.prod.yaml", "apps/web/Pulumi.dev.yml", "apps/web/Pulumi.a b.yaml"],
      ),
    );
    expect(found).toEqual([
      { alias: "root.prod", project: "root", stack: "prod", dir: ".", runtime: "nodejs" },
      { alias: "web.dev", project: "web", stack: "dev", dir: "apps/web", runtime: "python" },
    ]);
  });

  it.each([
    ["a name with markup", { dir: ".", text: 'name: "a](http://x)"\n' }, "Pulumi.prod.yaml"],
    ["a folder with a line break", { dir: "a\nb", text: "name: a\n" }, "a\nb/Pulumi.prod.yaml"],
    ["an expression as a folder", { dir: "$" + "{{x}}", text: "name: a\n" }, "$" + "{{x}}/Pulumi.prod.yaml"],
    ["a bomb", { dir: ".", text: `a: &a [1,1]\nb: &b [${"*a,".repeat(60)}]\nname: a\n` }, "Pulumi.prod.yaml"],
    ["no YAML", { dir: ".", text: "[" }, "Pulumi.prod.yaml"],
    ["a stack with a shell's signs", { dir: ".", text: "name: a\n" }, "Pulumi.$(id).yaml"],
  ])("leave out %s", (_what, program, file) => {
    expect(findStacks(sight([program], [file]))).toEqual([]);
    expect(renderOnboarding(sight([program], [file])).body).toContain("No stack file");
  });

  it("have links that nothing in a branch's name can end", () => {
    const stack = { alias: "a.b", project: "a", stack: "b", dir: "x", runtime: "nodejs" };
    const link = workflowLink(sight([], []), stack);
    expect(link).toMatch(
      /^https:\/\/github\.com\/acme\/infra\/new\/release\/x%20%281%29\?filename=[\w.%-]+&value=[\w.~%-]+$/,
    );
    const text = new URL(link).searchParams.get("value") ?? "";
    expect(text).toContain('work-dir: "x"');
    expect(text).toContain('base-branch: "release/x (1)"');
    expect(link.length).toBeLessThan(6000);
  });
});
