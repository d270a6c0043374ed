import { execFile } from "node:child_process";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Octokit } from "@octokit/rest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readPushes, readPushTime } from "../src/forge/github-pushes.ts";
import { asPerson } from "./support/as-person.ts";
import { REPO } from "./support/command-world.ts";
import { PLAN, PLANS, type PlanPullWorld, startPlanPulls } from "./support/plan-pull-world.ts";

const TIMEOUT = 60_000;
const run = promisify(execFile);
const Oid = z.object({ sha: z.string() });
const Commit = z.object({ tree: Oid });
const Content = z.object({ sha: z.string() });

/** A workflow that somebody has written puts a file onto the plan's branch, with its own token. */
async function pushAsWorkflow({ github, settled }: PlanPullWorld, path: string, text: string): Promise<void> {
  const token = github.issueToken({ kind: "workflow", repo: REPO, permissions: { contents: "write" } });
  const call = (method: string, query: string, body?: object) =>
    fetch(`${github.apiUrl}/repos/${REPO}/contents/${path}${query}`, {
      method,
      headers: { authorization: `token ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const { sha } = Content.parse(await (await call("GET", `?ref=${PLANS}`)).json());
  const content = Buffer.from(text).toString("base64");
  const put = await call("PUT", "", { message: "more", branch: PLANS, content, sha });
  if (!put.ok) throw new Error(await put.text());
  await settled();
}

describe("a plan that was pushed to", { timeout: TIMEOUT }, () => {
  it("by a workflow, which hides who wrote that, is approved by nobody, and says so", async () => {
    const world = await startPlanPulls();
    const { approve, ask, notes, nudge, onBase, plan, readPlan } = world;
    const number = await plan(6, "bob");
    await pushAsWorkflow(world, PLAN, `${(await readPlan())[PLAN]}# more\n`);
    await approve(number, "alice");
    await nudge();
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain("a bot has pushed to its branch");
    expect(await ask("/scale approve", "alice", number)).toContain("nothing is approved");
    await nudge();
    expect(await onBase()).toBeNull();
  });

  it("by GitHub's button, which merges the base into it, is approved anew by whoever has not pressed it", async () => {
    const { approve, ask, github, merged, nudge, onBase, plan, push, settled } = await startPlanPulls();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const number = await plan();
    await approve(number, "carol");
    github.protect(REPO, "main", null);
    await push({ "notes.md": "1" }, "carol", "main");
    const before = await github.readRef(REPO, `refs/heads/${PLANS}`);
    await asPerson(github, "bob")("PUT", `/pulls/${number}/update-branch`, {});
    await settled();
    expect(await github.readRef(REPO, `refs/heads/${PLANS}`)).not.toBe(before);
    await nudge();
    expect(await onBase()).toBeNull();
    expect(await ask("/scale approve", "bob", number)).toContain("or have pushed to it");
    await approve(number, "bob");
    expect(await onBase()).toBeNull();
    await approve(number, "carol");
    await merged();
  });

  it("by its author and then, by force, by another person, is approved by neither", async () => {
    const { approve, github, merged, nudge, onBase, plan } = await startPlanPulls();
    const number = await plan(6, "bob");
    await plan(7, "alice");
    const carol = asPerson(github, "carol");
    const [head, base] = await Promise.all(
      [PLANS, "main"].map((branch) => github.readRef(REPO, `refs/heads/${branch}`)),
    );
    const { tree } = Commit.parse(await carol("GET", `/git/commits/${head}`));
    const author = { name: "carol", email: "carol@users.noreply.github.com" };
    const commit = { message: "rebased", tree: tree.sha, parents: [base], author, committer: author };
    const { sha } = Oid.parse(await carol("POST", "/git/commits", commit));
    await carol("PATCH", `/git/refs/heads/${PLANS}`, { sha, force: true });
    await approve(number, "alice");
    await nudge();
    expect(await onBase()).toBeNull();
    github.createUser("dora");
    github.addCollaborator(REPO, "dora", "write");
    await approve(number, "dora");
    await merged("to: 7");
  });

  it("in more commits than are looked at is not merged, and says so", async () => {
    const { approve, github, notes, nudge, onBase, plan, settled } = await startPlanPulls();
    const number = await plan();
    const token = github.issueToken({ kind: "user", login: "carol" });
    await using folder = await mkdtempDisposable(join(tmpdir(), "plan-commits-"));
    const remote = `${github.url.replace("http://", `http://x-access-token:${token}@`)}/${REPO}.git`;
    const env = { PATH: process.env.PATH, HOME: folder.path, GIT_CONFIG_NOSYSTEM: "1" };
    const git = (args: string[], input = "") => {
      const running = run("git", args, { cwd: folder.path, env });
      running.child.stdin?.end(input);
      return running;
    };
    await git(["clone", "--quiet", "--bare", remote, "."]);
    const commits = Array.from({ length: 501 }, (_, n) => {
      const from = n === 0 ? `from refs/heads/${PLANS}^0\n` : "";
      return `commit refs/heads/${PLANS}\ncommitter c <c@example.com> ${1_736_899_200 + n} +0000\ndata 1\nx\n${from}\n`;
    });
    await git(["fast-import", "--quiet"], commits.join(""));
    await git(["push", "--quiet", remote, PLANS]);
    await settled();
    await approve(number);
    await nudge();
    expect(await onBase()).toBeNull();
    expect((await notes(number)).join()).toContain("too many commits to know who wrote them");
  });

  it("by an account that is gone, was pushed to by nobody knows whom", async () => {
    const pushes = (actor: object | null) => [
      { activity_type: "push", after: "b", timestamp: "2025-01-15T00:00:00Z", actor },
      { activity_type: "branch_creation", after: "a", timestamp: "2025-01-14T00:00:00Z", actor: BOB },
    ];
    const read = (actor: object | null) => readPushes(...noted(pushes(actor)), "b", OURS.login);
    expect(await read(null)).toBeNull();
    expect((await read(CAROL))?.by).toEqual(["carol", "bob"]);
  });

  it("hundreds of times is of all who have pushed since its branch was made, as far back as GitHub is asked", async () => {
    const pushed = (times: number) => [
      ...Array.from({ length: times }, (_, n) => move("force_push", `${n}`, n % 150 === 149 ? CAROL : BOB)),
      move("branch_creation", "a", DORA),
      move("push", "z", { login: "erin", type: "User" }),
    ];
    const read = (times: number) => readPushes(...noted(pushed(times)), "0", OURS.login);
    expect(await read(450)).toEqual({ by: ["bob", "carol", "dora"], bots: [], headAtMs: Date.parse(AT) });
    expect(await read(499)).not.toBeNull();
    expect(await read(500)).toBeNull();
    // When its head came stands first, however much there is before it.
    expect(await readPushTime(...noted(pushed(500)), "0")).toBe(Date.parse(AT));
    expect(await readPushTime(...noted(pushed(500)), "1")).toBeNull();
    expect(await readPushTime(...noted([move("force_push", "0", null)]), "0")).toBe(Date.parse(AT));
  });

  it("before we made it anew is of nobody who had pushed by then, and before a person did it of all", async () => {
    const read = (forcing: object) =>
      readPushes(
        ...noted([
          move("push", "b", BOB),
          move("force_push", "a", forcing),
          move("push", "z", CAROL),
          move("branch_creation", "y", DORA),
        ]),
        "b",
        OURS.login,
      );
    expect(await read(OURS)).toMatchObject({ by: ["bob", OURS.login], bots: [OURS.login] });
    expect((await read({ login: "erin", type: "User" }))?.by).toEqual(["bob", "erin", "carol", "dora"]);
    expect((await read({ ...OURS, login: "other[bot]" }))?.by).toContain("carol");
    expect((await read({ ...OURS, type: "User" }))?.by).toContain("carol");
  });
});

const AT = "2025-01-15T00:00:00Z";
const BOB = { login: "bob", type: "User" };
const CAROL = { login: "carol", type: "User" };
const DORA = { login: "dora", type: "User" };
const OURS = { login: "pulumiscale[bot]", type: "Bot" };

function move(activity_type: string, after: string, actor: object | null) {
  return { activity_type, after, timestamp: AT, actor };
}

/** A GitHub that has noted these moves of a branch, newest first: it answers a hundred, and names the rest by a cursor. */
function noted(moves: readonly object[]) {
  const fetch = async (url: string) => {
    const { searchParams } = new URL(url);
    expect([searchParams.get("ref"), searchParams.get("page")]).toEqual(["refs/heads/x", null]);
    const from = Number(searchParams.get("after") ?? 0);
    const next = `<https://api.github.com/repositories/1/activity?per_page=100&after=${from + 100}>; rel="next"`;
    const headers = {
      link: `<https://api.github.com/repositories/1/activity?before=1>; rel="prev", ${next}`,
    };
    return Response.json(moves.slice(from, from + 100), from + 100 < moves.length ? { headers } : undefined);
  };
  const client = new Octokit({ request: { fetch } });
  return [client, { owner: "acme", repo: "infra" }, "x"] as const;
}
