import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { PoolAnswer } from "../../src/http/answers.ts";
import { readmeExamples, readmeFile, readPage } from "../readme/readme-examples.ts";
import { requireProgram } from "../setup/require-program.ts";
import { asPerson } from "../support/as-person.ts";
import { readNotes } from "../support/read-notes.ts";
import { freePort } from "../world/free-port.ts";
import { type Desk, openDesk } from "../world/open-desk.ts";
import { startAlertmanagerWith } from "../world/start-alertmanager.ts";
import { type Places, startPlaces } from "../world/start-places.ts";
import type { RunningProcess } from "../world/start-process.ts";
import { describeRun, until } from "../world/start-world.ts";

const REPO = "acme/infra";
const ROOT = new URL("../..", import.meta.url);
const ADDRESS = "https://pulumiscale.example.com";
const Pulls = z.array(
  z.object({ number: z.int(), title: z.string(), body: z.string(), head: z.object({ ref: z.string() }) }),
);
const Checks = z.object({ check_runs: z.array(z.object({ name: z.string(), conclusion: z.string() })) });
const Rules = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ alert: z.string(), labels: z.record(z.string(), z.string()) })) }),
  ),
});

/** A command or a sentence, as a page has it. */
function told(text: string, page = "README.md"): string {
  if (!readPage(page).includes(text)) throw new Error(`${page} does not say: ${text}`);
  return text;
}

/** The README's program, before somebody has put the contract into it, and with it. Nobody waits here for a cooldown of minutes. */
const withContract = readmeFile("index.ts").replace("cooldown: 300", "cooldown: 1");
const withoutContract = withContract.slice(0, withContract.indexOf("export const pulumiscale"));

/** Set-up from nothing to a first scale: a team does what the README says, in its words. Each test goes on where the one before it stopped. */
describe("the README's way from nothing to a first scale", { timeout: 180_000 }, () => {
  let directory: string;
  let places: Places;
  let desk: Desk;
  let app: RunningProcess | undefined;
  let url: string;
  let installPage: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "pulumiscale-set-up-"));
    places = await startPlaces(directory);
    const { github, environment } = places;
    github.createOrganization("acme");
    github.createUser("alice");
    github.addMember("acme", "alice", "admin");
    const token = github.issueToken({ kind: "user", login: "alice" });
    const signedIn = { githubUrl: github.url, token, login: "alice" };
    desk = openDesk(join(directory, "desk"), signedIn, { ...environment, GITHUB_API_URL: github.apiUrl });
    await github.createRepository({
      owner: "acme",
      name: "infra",
      files: {
        "Pulumi.yaml": "name: shop\nruntime: nodejs\n",
        "package.json": "{}",
        "tsconfig.json": readFileSync(new URL("fixtures/programs/node-workers/tsconfig.json", ROOT), "utf8"),
        ".gitignore": "node_modules\n",
        "index.ts": withoutContract,
      },
    });
    github.addCollaborator(REPO, "alice", "admin");
    await run(`git clone --quiet https://github.com/${REPO}`);
    symlinkSync(new URL("node_modules", ROOT), join(desk.folder, "infra/node_modules"));
    await runInClone("pulumi stack init prod");
    await runInClone(told("pulumi config set workerCount 3"));
    await push("chore: the stack");
    url = `http://127.0.0.1:${await freePort()}`;
  }, 120_000);
  afterAll(async () => {
    await app?.stop();
    await places?.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  /** Runs lines to a good end, and answers what they printed. */
  const run = async (lines: string, folder?: string): Promise<string> => {
    const ended = await desk.run(lines, folder);
    expect(ended, `${lines}\n${ended.stdout}${ended.stderr}`).toMatchObject({ exitCode: 0 });
    return ended.stdout;
  };
  const runInClone = (lines: string) => run(lines, join(desk.folder, "infra"));
  const push = (message: string) =>
    runInClone(`git add . && git commit -qm "${message}" && git pull -q --rebase && git push -q`);
  const pulls = async () => Pulls.parse(await asPerson(places.github, "alice")("GET", "/pulls?state=all"));
  /** The newest run of the deploy workflow, which has ended well. */
  const deployed = async () => {
    await places.runner.waitForIdle();
    const newest = places.runner.runs.at(-1);
    expect(newest?.conclusion, describeRun(newest)).toBe("success");
    return newest;
  };
  const ledger = async () =>
    z
      .looseObject({ applied: z.record(z.string(), z.number()) })
      .parse(
        JSON.parse((await places.github.readFile(REPO, "stacks/shop.prod.json", "pulumiscale")) ?? "{}"),
      );

  /** Waits until the app has heard of what was applied, so that nothing is under way for it. */
  const heardOf = async (value: number) => {
    const token = (await runInClone("pulumi config get pulumiscale:webhook-secret")).trim();
    const headers = { authorization: `Bearer ${token}` };
    const read = async (): Promise<unknown> => (await fetch(`${url}/pools/worker-pool`, { headers })).json();
    await until("what the app knows", read, (pool) => PoolAnswer.parse(pool).applied === value);
  };

  it("registers the App from a terminal and a browser, with credentials for nobody else", async () => {
    const { github } = places;
    const creating = desk.start(readmeFile("create-app.sh").replace(ADDRESS, url));
    const ended = once(creating.child, "close");
    const startUrl = (await creating.waitForLine(/http:\/\/127\.0\.0\.1:\d+\//)).trim();
    const browser = github.signIn("alice");
    const page = await browser.submit(await browser.submit(await browser.open(startUrl)));
    expect(page.html).toContain("Go back to the terminal");
    expect(await ended).toEqual([0, null]);
    expect(statSync(join(desk.folder, ".env")).mode & 0o777).toBe(0o600);
    installPage = creating.lines.find((line) => line.includes("/installations/new"))?.trim() ?? "";
  });

  it("starts the app with them, and installs it", async () => {
    const { github } = places;
    app = desk.start(readmeFile("start-app.sh"), { HOST: "127.0.0.1", PORT: new URL(url).port });
    await app.waitForLine(/"msg":"listening"/);
    const browser = github.signIn("alice");
    await browser.submit(await browser.open(installPage), { target: "acme", repositories: "infra" });
  });

  it("merges the pull request that greets the repository, which names what is missing", async () => {
    const isThere = (all: z.infer<typeof Pulls>) => all.length > 0;
    const [pull] = await until("the first pull request", pulls, isThere);
    expect(pull).toMatchObject({ head: { ref: told("configure-pulumiscale") } });
    expect(pull?.body).toContain("`shop.prod`");
    await asPerson(places.github, "alice")("PUT", `/pulls/${pull?.number}/merge`, {});
    expect(await places.github.readFile(REPO, ".github/pulumiscale.yml")).toContain("# stacks:");
  });

  it("gets contract and secret into the program, and the workflow by its link: a full up, and it is published", async () => {
    writeFileSync(join(desk.folder, "infra/index.ts"), withContract);
    const secret = readmeExamples().find(({ text }) => text.includes("config set --secret pulumiscale:"));
    await runInClone(`${secret?.text} pulumi config`);
    await push("feat: workers scale");
    const [pull] = await pulls();
    const link = /\[add the workflow of `shop.prod`\]\((\S+)\)/.exec(pull?.body ?? "")?.[1] ?? "";
    const { pathname, searchParams } = new URL(link);
    expect(pathname).toBe(`/${REPO}/new/main`);
    const text = searchParams.get("value") ?? "";
    expect(text).toContain("npm ci");
    await places.github.commit(REPO, {
      login: "alice",
      message: "ci: deploy with PulumiScale",
      files: {
        [searchParams.get("filename") ?? ""]: text.replace("npm ci", 'ln -s "$NODE_MODULES" node_modules'),
      },
    });
    await deployed();
    expect(await ledger()).toMatchObject({ project: "shop", stack: "prod", applied: { "worker-pool": 3 } });
  });

  it("protects both branches, after which doctor says that all is well", async () => {
    const { github } = places;
    const [pull] = await pulls();
    const doctor =
      /`(GITHUB_TOKEN=\S+ auth token\) pulumiscale doctor \S+)`/.exec(pull?.body ?? "")?.[1] ?? "false";
    expect(await run(doctor)).toContain("require the status check pulumiscale/guard");
    const appId = Number(/^APP_ID=(\d+)$/m.exec(readFileSync(join(desk.folder, ".env"), "utf8"))?.[1]);
    told("add `pulumiscale/guard`, and pick your App as its source");
    github.protect(REPO, "main", {
      kind: "ruleset",
      requirePullRequest: true,
      requiredChecks: [{ context: "pulumiscale/guard", appId }],
    });
    told("a ruleset that blocks force pushes and deletions");
    github.protect(REPO, "pulumiscale", { kind: "ruleset", blockForcePushes: true });
    told("*Allow auto-merge*");
    github.changeSettings(REPO, { allow_auto_merge: true });
    const [, ...rows] = (await run(readmeFile("doctor.sh"))).trimEnd().split("\n");
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !row.startsWith("ok "))).toEqual([]);
  });

  it("scales by an alert in a real Alertmanager", async ({ skip }) => {
    const program = requireProgram("alertmanager", skip);
    const secret = told("pulumi config get pulumiscale:webhook-secret");
    const folder = join(directory, "alertmanager");
    mkdirSync(folder);
    const tokenFile = join(folder, "token");
    await runInClone(`umask 077; ${secret} > ${tokenFile}`);
    const config = readmeFile("alertmanager.yml")
      .replace(ADDRESS, url)
      .replace("/etc/alertmanager/pulumiscale-token", tokenFile)
      .replace("group_wait: 30s", "group_wait: 1s");
    const alertmanager = await startAlertmanagerWith(program, folder, config);
    try {
      const [rule] = Rules.parse(parse(readmeFile("rules.yml"))).groups[0]?.rules ?? [];
      await alertmanager.fire({ alertname: rule?.alert ?? "", ...rule?.labels });
      await until("the alert's scale", ledger, ({ applied }) => applied["worker-pool"] === 4, 150_000);
    } finally {
      await alertmanager.stop();
    }
    await deployed();
    const [newest] = await places.github.readLog(REPO, "main", "Pulumi.prod.yaml");
    expect(newest?.message).toMatch(/^scale\(shop\.prod\): worker-pool 3 → 4/);
    const checks = Checks.parse(
      await asPerson(places.github, "alice")("GET", `/commits/${newest?.oid}/check-runs`),
    );
    expect(checks.check_runs).toContainEqual({
      name: "pulumiscale/apply (shop.prod)",
      conclusion: "success",
    });
  });

  it("scales by a comment, whose answer says that it is applied", async () => {
    const { github } = places;
    await heardOf(4);
    const command = told("/scale web +2", "docs/commands.md").replace("web", "worker-pool");
    const issue = await github.openIssue(REPO, { author: "alice", title: "The sale begins" });
    await github.comment(REPO, issue, { author: "alice", body: command });
    const notes = await until(
      "the answer",
      () => readNotes(github, issue),
      (all) => all.some((text) => text.includes("✅ Applied")),
      150_000,
    );
    expect(notes).toEqual([command, expect.stringContaining("`shop.prod/worker-pool` 4 → **6**")]);
    expect(await ledger()).toMatchObject({ applied: { "worker-pool": 6 } });
    await deployed();
    await runInClone("git pull -q");
    expect(await runInClone("pulumi config get workerCount && pulumi stack export")).toMatch(
      /^6\n[\s\S]*"input": 6\b/,
    );
  });

  it("scales by hand", async () => {
    await heardOf(6);
    const answers = await runInClone(readmeFile("by-hand.sh").replace(ADDRESS, url));
    expect(answers).toMatch(/"from":6,"to":7\b[\s\S]*"delivery":"pull-request"/);
    await until("the scale by hand", ledger, ({ applied }) => applied["worker-pool"] === 7, 150_000);
    await deployed();
  });

  it("made no call and gave no answer that GitHub's descriptions rule out", () => {
    expect(places.github.violations).toEqual([]);
  });
});
