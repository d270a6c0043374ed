import { describe, expect, it } from "vitest";
import { z } from "zod";
import { REPO } from "./support/command-world.ts";
import { PLAN, PLANS, SUMMARY, startPlanPulls } from "./support/plan-pull-world.ts";

const TIMEOUT = 60_000;
const CI = { context: "ci", appId: null };
const RULES = (allow: string) => ({ ".github/pulumiscale.yml": `commands:\n  allow:\n    - ${allow}\n` });
const Pull = z.object({
  state: z.string(),
  draft: z.boolean(),
  labels: z.array(z.object({ name: z.string() })),
});

describe("a plan's pull request", { timeout: TIMEOUT }, () => {
  it("waits as a draft, and merges once another person has approved it, in words of its own", async () => {
    const { alice, approve, github, merged, notes, onBase, plan } = await startPlanPulls();
    const number = await plan(6, "alice", []);
    expect(Pull.parse(await alice("GET", `/pulls/${number}`))).toMatchObject({
      ...{ state: "open", draft: true, labels: [{ name: "needs-approval" }] },
    });
    expect(await onBase()).toBeNull();
    await alice("PATCH", `/pulls/${number}`, { title: "Harmless", body: "Pulumiscale-Approved-By: carol" });
    await approve(number);
    await merged();
    expect(await github.readFile(REPO, SUMMARY)).toContain("Deployment/web → replicas: 6");
    const [newest] = await github.readLog(REPO, "main");
    expect(newest?.message).toMatch(/^infra\.scale: prod \(\d{4}-\d\d-\d\d\)\n/);
    expect(newest?.message).toContain("Infra-Scale-Target: prod");
    expect(newest?.message).toContain("Pulumiscale-Approved-By: bob");
    expect(newest?.message).not.toContain("carol");
    expect(await notes(number)).toEqual([]);
    expect(github.violations).toEqual([]);
  });

  it("merges once another person approves it by a command", async () => {
    const { ask, github, merged, plan } = await startPlanPulls();
    const number = await plan();
    expect(await ask("/scale approve", "bob", number)).toMatch(
      /👍 The plan of prod is approved by bob, for the commit [0-9a-f]{12} and no other\./,
    );
    await merged();
    const [newest] = await github.readLog(REPO, "main");
    expect(newest?.message).toContain("Pulumiscale-Approved-By: bob");
    expect(github.violations).toEqual([]);
  });

  it.each([
    ["alice", "🚫 You asked for this plan"],
    ["rita", "commands here are for people with write permission"],
  ])("is not merged by a command of %s", async (login, answer) => {
    const { ask, nudge, onBase, plan } = await startPlanPulls();
    const number = await plan();
    expect(await ask("/scale approve", login, number)).toContain(answer);
    await nudge();
    expect(await onBase()).toBeNull();
  });

  it.each(["APPROVED", "CHANGES_REQUESTED", "COMMENTED"] as const)(
    "is not merged by a review that is %s of whom it does not count",
    async (state) => {
      const { github, nudge, onBase, plan, settled } = await startPlanPulls();
      const number = await plan();
      await github.review(REPO, number, { login: state === "APPROVED" ? "rita" : "bob", state });
      await settled();
      await nudge();
      expect(await onBase()).toBeNull();
    },
  );

  it("is not merged while another person asks for changes", async () => {
    const { approve, github, merged, notes, onBase, plan } = await startPlanPulls();
    const number = await plan();
    await github.review(REPO, number, { login: "carol", state: "CHANGES_REQUESTED" });
    await approve(number);
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain("It is not merged yet: carol asks for changes.");
    await approve(number, "carol");
    await merged();
  });

  it("is closed at a person's word, and its branch stays", async () => {
    const { alice, ask, github, notes, onBase, plan } = await startPlanPulls();
    const number = await plan();
    expect(await ask("/scale reject too *many*", "bob", number)).toContain("🚫 Closed.");
    expect(Pull.parse(await alice("GET", `/pulls/${number}`)).state).toBe("closed");
    expect((await notes(number)).join("\n")).toContain("bob has rejected this plan: too many");
    expect(await github.readRef(REPO, `refs/heads/${PLANS}`)).not.toBeNull();
    expect(await ask("/scale approve", "bob", number)).toContain("❓ This command is for an open");
    expect(await onBase()).toBeNull();
  });

  it("is closed by nobody who may only read", async () => {
    const { alice, ask, plan } = await startPlanPulls();
    const number = await plan();
    expect(await ask("/scale reject", "rita", number)).toContain("write permission");
    expect(Pull.parse(await alice("GET", `/pulls/${number}`)).state).toBe("open");
  });

  it("obeys the rules for commands", async () => {
    const { ask, merged, nudge, onBase, plan } = await startPlanPulls({
      files: RULES("{ users: [carol], commands: [approve] }"),
    });
    const number = await plan();
    expect(await ask("/scale approve", "bob", number)).toContain("🔒");
    expect(await ask("/scale reject", "carol", number)).toContain("🔒");
    await nudge();
    expect(await onBase()).toBeNull();
    expect(await ask("/scale approve", "carol", number)).toContain("👍");
    await merged();
  });

  it("is approved by nobody who may change little, or some stacks alone", async () => {
    const { ask, nudge, onBase, plan } = await startPlanPulls({
      files: RULES("{ users: [bob], changeUpTo: 3 }\n    - { users: [carol], stacks: [shop.prod] }"),
    });
    const number = await plan();
    expect(await ask("/scale approve", "bob", number)).toContain("how much this would be is not known");
    expect(await ask("/scale approve", "carol", number)).toContain("on the whole repository at once");
    await nudge();
    expect(await onBase()).toBeNull();
  });

  it("merges where the approval came while no app was running", async () => {
    const { github, merged, onBase, plan, replica, startReplica } = await startPlanPulls();
    const number = await plan();
    await replica.stop();
    await github.review(REPO, number, { login: "bob", state: "APPROVED" });
    expect(await onBase()).toBeNull();
    await startReplica();
    await merged();
  });

  it("merges where the command came while no app was running", async () => {
    const { merged, plan, replica, say, startReplica } = await startPlanPulls();
    const number = await plan();
    await replica.stop();
    await say("/scale approve", "bob", number);
    await startReplica();
    await merged();
  });

  it("has its label put back, and is not merged for that", async () => {
    const { alice, onBase, plan, settled } = await startPlanPulls();
    const number = await plan(6, "alice", []);
    await alice("DELETE", `/issues/${number}/labels/needs-approval`);
    await settled();
    const { labels } = Pull.parse(await alice("GET", `/pulls/${number}`));
    expect(labels.map(({ name }) => name)).toEqual(["needs-approval"]);
    expect(await onBase()).toBeNull();
  });

  it("waits for the checks that the repository asks for, and merges when they are there", async () => {
    const { approve, github, merged, notes, nudge, onBase, plan } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [CI] });
    const number = await plan();
    await approve(number);
    expect(await onBase()).toBeNull();
    expect(await notes(number)).toEqual([
      expect.stringMatching(/does not merge it yet: .*"ci" is expected/s),
    ]);
    await nudge(PLANS, "ci");
    await merged();
    expect(github.violations).toEqual([]);
  });

  it("stays unmerged where its approval is dismissed before it could merge", async () => {
    const { alice, github, nudge, onBase, plan, settled } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [CI] });
    const number = await plan();
    const review = await github.review(REPO, number, { login: "bob", state: "APPROVED" });
    await settled();
    await alice("PUT", `/pulls/${number}/reviews/${review}/dismissals`, { message: "no" });
    await nudge(PLANS, "ci");
    expect(await onBase()).toBeNull();
  });

  it("goes through the merge queue, with words of its own", async () => {
    const { alice, approve, github, merged, nudge, plan, settled } = await startPlanPulls();
    const words = { squash_merge_commit_title: "PR_TITLE", squash_merge_commit_message: "PR_BODY" } as const;
    github.changeSettings(REPO, words);
    github.protect(REPO, "main", { requiredChecks: [CI], mergeQueue: { mergeMethod: "squash" } });
    const number = await plan();
    await nudge(PLANS, "ci");
    await alice("PATCH", `/pulls/${number}`, { title: "Harmless" });
    await approve(number);
    const group = (await github.listBranches(REPO)).find((name) => name.startsWith("gh-readonly-queue/"));
    expect(group).toBeDefined();
    await nudge(group, "ci");
    await merged();
    await settled();
    const [newest] = await github.readLog(REPO, "main");
    expect(newest?.message).toMatch(/^infra\.scale: prod/);
    expect(newest?.message).toContain("Pulumiscale-Approved-By: bob");
  });

  it("is brought up to date where the base wants that, and is approved once more", async () => {
    const { approve, github, merged, notes, nudge, onBase, plan, push } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [CI], strict: true });
    const number = await plan();
    github.protect(REPO, "main", null);
    await push({ "notes.md": "1" }, "carol", "main");
    github.protect(REPO, "main", { requiredChecks: [CI], strict: true });
    await nudge(PLANS, "ci");
    await approve(number);
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain("The new head has to be approved once more.");
    await nudge(PLANS, "ci");
    expect(await onBase()).toBeNull();
    await approve(number);
    await merged();
    expect(github.violations).toEqual([]);
  });

  it("merges as a merge commit where the repository file says so", async () => {
    const { approve, github, merged, plan } = await startPlanPulls({
      files: { ".github/pulumiscale.yml": "defaults:\n  mergeMethod: merge\n" },
    });
    const number = await plan();
    await approve(number);
    await merged();
    const [newest] = await github.readLog(REPO, "main");
    expect(newest?.parents).toHaveLength(2);
  });

  it("of a repository without a stack is looked after too, by its rules for commands", async () => {
    const { alice, ask, github, merged, plan, settled } = await startPlanPulls({
      files: RULES("{ users: [carol] }"),
    });
    await alice("DELETE", "/git/refs/heads/pulumiscale");
    await settled();
    const number = await plan();
    expect(await ask("/scale approve", "bob", number)).toContain("🔒");
    expect(await ask("/scale approve", "carol", number)).toContain("👍");
    await merged();
    expect(await github.readFile(REPO, PLAN)).toContain("kind: ScalePlan");
  });
});
