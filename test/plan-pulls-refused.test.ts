import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock, REPO } from "./support/command-world.ts";
import { makeFolder } from "./support/infra-scale-world.ts";
import { PLAN, PLANS, SUMMARY, startPlanPulls } from "./support/plan-pull-world.ts";

const TIMEOUT = 60_000;
const NOT_OURS = "PulumiScale does not merge this: ";
const Oid = z.object({ sha: z.string() });

describe("a plan that somebody has pushed to", { timeout: TIMEOUT }, () => {
  it("is approved again by another person than who has pushed, and not by what was said before", async () => {
    const { approve, ask, github, merged, nudge, onBase, plan, push, readPlan } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const number = await plan(6);
    await approve(number, "bob");
    const files = await readPlan();
    const changed = Object.entries(files).map(([path, text]) => [
      path,
      text.replace("to: 6", "to: 7").replace("replicas: 6", "replicas: 7"),
    ]);
    await push(Object.fromEntries(changed), "carol");
    github.protect(REPO, "main", null);
    await nudge();
    expect(await onBase()).toBeNull();
    expect(await ask("/scale approve", "carol", number)).toContain("or have pushed to it");
    await approve(number, "carol");
    expect(await onBase()).toBeNull();
    await approve(number, "bob");
    await merged("to: 7");
  });

  it("is not approved by who has forced it under another's name", async () => {
    const { approve, github, nudge, onBase, plan, readPlan } = await startPlanPulls();
    const number = await plan(6);
    const carol = asPerson(github, "carol");
    const base = await github.readRef(REPO, "refs/heads/main");
    const tree = Object.entries(await readPlan()).map(([path, text]) => ({
      ...{ path, mode: "100644", type: "blob" },
      content: text.replace("to: 6", "to: 9").replace("replicas: 6", "replicas: 9"),
    }));
    const { sha } = Oid.parse(await carol("POST", "/git/trees", { base_tree: base, tree }));
    const author = { name: "alice", email: "alice@users.noreply.github.com" };
    const commit = { message: "infra.scale: prod", tree: sha, parents: [base], author, committer: author };
    const forced = Oid.parse(await carol("POST", "/git/commits", commit));
    await carol("PATCH", `/git/refs/heads/${PLANS}`, { sha: forced.sha, force: true });
    await approve(number, "carol");
    await nudge();
    expect(await onBase()).toBeNull();
  });

  it.each(["pushed", "put back"])("is not approved by what was written before it was %s", async (how) => {
    const { options, ahead } = movableClock();
    const world = await startPlanPulls(options);
    const { ask, answers, github, merged, nudge, onBase, plan, push, readPlan, replica, say } = world;
    const number = await plan(6);
    const former = await github.readRef(REPO, `refs/heads/${PLANS}`);
    const change = async () => {
      const changed = Object.entries(await readPlan()).map(([path, text]) => [
        path,
        text.replace("to: 6", "to: 7").replace("replicas: 6", "replicas: 7"),
      ]);
      await push(Object.fromEntries(changed), "carol");
    };
    if (how === "put back") await change();
    await replica.stop();
    ahead(1);
    await say("/scale approve", "bob", number);
    ahead(1);
    // Its commit is as old as before.
    const carol = asPerson(github, "carol");
    if (how === "put back") await carol("PATCH", `/git/refs/heads/${PLANS}`, { sha: former, force: true });
    else await change();
    const second = await world.startReplica();
    world.app.setWebhook(`${second.url}/api/github/webhooks`);
    const told = await eventually(
      () => answers(number),
      (all) => all.some((text) => text.includes("Somebody has pushed to this pull request since")),
    );
    expect(told).toHaveLength(1);
    await second.idle();
    await nudge();
    await second.idle();
    expect(await onBase()).toBeNull();
    ahead(1);
    await ask("/scale approve", "bob", number);
    await merged(how === "put back" ? "to: 6" : "to: 7");
  });

  it("is approved by no command where GitHub does not tell when its head was pushed", async () => {
    const { ask, github, nudge, onBase, plan } = await startPlanPulls();
    const number = await plan();
    const match = { operation: "repos/list-activities" };
    github.faults.add({ kind: "status", status: 404, match, times: 99 });
    const answer = await ask("/scale approve", "bob", number);
    expect(answer).toContain("🔄 GitHub does not tell when the head");
    expect(answer).toContain("where that does not help, delete the branch and plan again");
    github.faults.clear();
    await nudge();
    expect(await onBase()).toBeNull();
  });

  it("is approved by nobody where GitHub does not tell who has pushed", async () => {
    const { approve, github, merged, notes, nudge, onBase, plan } = await startPlanPulls();
    const number = await plan();
    github.faults.add({
      kind: "status",
      status: 404,
      match: { operation: "repos/list-activities" },
      times: 99,
    });
    await approve(number);
    expect(await onBase()).toBeNull();
    const note = (await notes(number)).join();
    expect(note).toContain("GitHub does not tell who has pushed its head");
    expect(note).toContain("delete the branch and plan again, or merge it by hand");
    github.faults.clear();
    await nudge();
    await merged();
  });

  it("is the newest run's, and has to be approved again", async () => {
    const { approve, github, merged, nudge, onBase, plan } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const number = await plan(6);
    await approve(number);
    expect(await plan(8)).toBe(number);
    github.protect(REPO, "main", null);
    await nudge();
    expect(await onBase()).toBeNull();
    await approve(number);
    await merged("to: 8");
  });
});

describe("an approved pull request is not merged, and says why, where", { timeout: TIMEOUT }, () => {
  const SCHEMA = "replicas: 6";
  it.each([
    ["it changes another file", { "README.md": "hello\n" }, "it changes more than the two files of a plan"],
    [
      "it changes a workflow",
      { ".github/workflows/deploy.yml": "on: push\n" },
      "it changes more than the two files of a plan",
    ],
    [
      "it has another file beside the plan",
      { "ops/plans/infra-scale/prod/extra.yaml": "a: 1\n" },
      "it changes more than the two files of a plan",
    ],
    [
      "it changes the plan of another target too",
      { "ops/plans/infra-scale/staging/plan.yaml": "a: 1\n" },
      "it changes the plans of several targets",
    ],
    ["its plan is gone", { [PLAN]: null }, `it leaves ${PLAN} as it is`],
    ["its summary is gone", { [SUMMARY]: null }, `${SUMMARY} is not there`],
    ["its plan is no YAML", { [PLAN]: "{" }, `${PLAN} cannot be read (`],
    ["its plan is no text", { [PLAN]: "\u0000\u0001" }, PLAN],
    [
      "its summary says something else",
      { [SUMMARY]: "# Nothing\n" },
      `${SUMMARY} is not what infra.scale writes`,
    ],
  ])("%s", async (_, files, why) => {
    const { approve, notes, nudge, onBase, plan, push } = await startPlanPulls();
    const number = await plan();
    await push(files);
    await approve(number);
    await nudge();
    expect(await onBase()).toBeNull();
    const said = await notes(number);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(NOT_OURS);
    expect(said[0]).toContain(why);
  });

  it.each([
    [
      "its plan has an action that is none",
      ["action: scale_workload", "action: run_anything"],
      "cannot be read (actions.0",
    ],
    [
      "its plan has a field that is none",
      ["reason: requested_scale", "reason: requested_scale\n    run: sh"],
      "cannot be read (actions.0",
    ],
    ["its plan has a value twice", ["to: 6", "to: 6\n    to: 60"], "the key is given twice"],
    [
      "its plan changes another number than its summary",
      ["to: 6", "to: 60"],
      "is not what infra.scale writes",
    ],
    [
      "its plan is of another target",
      ["target: prod", "target: staging"],
      'is of the target "staging", and not of its folder\'s',
    ],
    [
      "its plan is in no namespace",
      ["namespace: assistant\nassumptions", "namespace: As/sistant\nassumptions"],
      "is of a namespace that has no Kubernetes name",
    ],
  ])("%s", async (_, [from = "", to = ""], why) => {
    const { approve, notes, nudge, onBase, plan, push, readPlan } = await startPlanPulls();
    const number = await plan();
    const yaml = (await readPlan())[PLAN] ?? "";
    expect(yaml).toContain(from);
    await push({ [PLAN]: yaml.replace(from, to) });
    await approve(number);
    await nudge();
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain(why);
  });

  it("its plan is a link", async () => {
    const { alice, approve, github, notes, onBase, plan, readPlan, settled } = await startPlanPulls();
    const number = await plan();
    const head = await github.readRef(REPO, `refs/heads/${PLANS}`);
    const content = (await readPlan())[PLAN];
    const tree = [{ path: PLAN, mode: "120000", type: "blob", content }];
    const { sha } = Oid.parse(await alice("POST", "/git/trees", { base_tree: head, tree }));
    const commit = { message: "link", tree: sha, parents: [head] };
    const linked = Oid.parse(await alice("POST", "/git/commits", commit));
    await alice("PATCH", `/git/refs/heads/${PLANS}`, { sha: linked.sha });
    await settled();
    await approve(number);
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain("it is no plain file");
  });

  it("it goes to another branch", async () => {
    const { options, ahead } = movableClock();
    const world = await startPlanPulls(options);
    const { alice, approve, github, merged, notes, nudge, onBase, plan, settled } = world;
    const number = await plan();
    await github.commit(REPO, { branch: "next", message: "next", login: "alice", files: { "next.md": "1" } });
    await alice("PATCH", `/pulls/${number}`, { base: "next" });
    await settled();
    await approve(number);
    expect(await github.readFile(REPO, PLAN, "next")).toBeNull();
    expect((await notes(number)).join()).toContain("it does not go to the repository's default branch");
    ahead(1);
    // What was approved was the way to another branch.
    await alice("PATCH", `/pulls/${number}`, { base: "main" });
    await settled();
    await nudge();
    expect(await onBase()).toBeNull();
    ahead(1);
    await approve(number);
    await merged();
    expect(await onBase()).toContain(SCHEMA.replace("replicas", "to"));
  });

  it("another plan of its target was merged since", async () => {
    const { approve, merged, notes, nudge, onBase, plan } = await startPlanPulls();
    const first = await plan(6, "alice", ["--branch=plans/one"]);
    const second = await plan(8, "alice", ["--branch=plans/two"]);
    await approve(first);
    await merged();
    await approve(second);
    await nudge("plans/two");
    expect(await onBase()).toContain("to: 6");
    expect((await notes(second)).join()).toContain(
      "another plan of prod was merged since; run infra.scale again",
    );
    expect(await plan(8, "alice", ["--branch=plans/two"])).toBe(second);
    await approve(second);
    await merged("to: 8");
  });
});

describe("the cost that a plan names", { timeout: TIMEOUT }, () => {
  const table = (cpuHour: string) => `currency: EUR\ncpuHour: ${cpuHour}\nmemoryGiBHour: 0.005\n`;

  it("by other prices than the base branch's is told, and not merged, until they are the base's", async () => {
    const prices = path.join(await makeFolder(), "prices.yaml");
    await writeFile(prices, table("0.0004"));
    const world = await startPlanPulls({ files: { "ops/infra-scale/prices.yaml": table("0.04") } });
    const { approve, ask, merged, notes, nudge, onBase, plan } = world;
    const more = [`--branch=${PLANS}`, "--req=web:cpu=1,mem=1Gi", `--prices=${prices}`];
    const number = await plan(6, "alice", more);
    await approve(number);
    await nudge();
    expect(await onBase()).toBeNull();
    const why =
      "counts its cost by 0.0004 and 0.005 EUR an hour, and ops/infra-scale/prices.yaml of the base branch has 0.04 and 0.005 EUR an hour";
    expect((await notes(number)).join()).toContain(why);
    expect(await ask("/scale approve", "bob", number)).toContain(why);
    await writeFile(prices, table("0.04"));
    expect(await plan(6, "alice", more)).toBe(number);
    await approve(number);
    await merged();
  });
});

describe("what is no plan of the repository's own", { timeout: TIMEOUT }, () => {
  it("a fork's never counts", async () => {
    const { ask, github, nudge, notes, onBase, plan, readPlan, settled } = await startPlanPulls();
    await plan();
    const files = await readPlan();
    github.changeSettings(REPO, { private: false });
    github.createUser("mallory");
    const fork = await github.fork(REPO, "mallory");
    const branch = "infra/scale-2030-01-01-00-00-00-000Z";
    const { number } = await github.openPull(REPO, {
      login: "mallory",
      from: fork,
      branch,
      title: "t",
      files,
    });
    await settled();
    expect(await ask("/scale approve", "bob", number)).toContain("❓ This command is for an open");
    await github.review(REPO, number, { login: "bob", state: "APPROVED" });
    await settled();
    await nudge();
    expect(await onBase()).toBeNull();
    expect((await notes(number)).filter((note) => note.includes("pulumiscale:note"))).toEqual([]);
  });

  it("a person's pull request with the label is left alone, and its commands answered so", async () => {
    const { alice, approve, ask, github, notes, settled } = await startPlanPulls();
    const files = { "other.md": "other\n" };
    const { number } = await github.openPull(REPO, {
      login: "alice",
      branch: "other",
      title: "Other",
      files,
    });
    await alice("POST", `/issues/${number}/labels`, { labels: ["needs-approval"] });
    await settled();
    await approve(number);
    expect(await github.readFile(REPO, "other.md")).toBeNull();
    expect(await notes(number)).toEqual([]);
    expect(await ask("/scale approve", "bob", number)).toContain("❓ This command is for an open");
  });

  it("a command on a plan that is not merged by us says why", async () => {
    const { ask, onBase, plan, push } = await startPlanPulls();
    const number = await plan();
    await push({ "README.md": "hello\n" });
    expect(await ask("/scale approve", "bob", number)).toContain(
      "it changes more than the two files of a plan",
    );
    expect(await onBase()).toBeNull();
  });
});
