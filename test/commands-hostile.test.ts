import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";
import { GATE, GATED } from "./support/pull-state-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { API } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const Comments = z.array(z.object({ id: z.int(), body: z.string() }));
const CI = { requiredChecks: [{ context: "ci", appId: null }] };

/** What the App wrote there, with what it remembers. */
async function marked({ github }: CommandWorld, number: number): Promise<string> {
  return (
    (await readNotes(github, number)).findLast((body) => body.startsWith("<!-- pulumiscale:reply")) ?? ""
  );
}

async function nudge({ github, settled }: CommandWorld): Promise<void> {
  const head = await github.readRef(REPO, `refs/heads/${GATED}`);
  await asPerson(github, "bob")("POST", `/statuses/${head}`, { state: "success", context: "nudge" });
  await settled();
}

/** `web` waits for approval of 3 → 8, which alice has asked for, in pull request #2. */
async function asked(): Promise<CommandWorld> {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld({ ...options, files: GATE });
  await world.ask("/scale web 8");
  ahead(1);
  return world;
}

describe("what an answer remembers", { timeout: TIMEOUT }, () => {
  it("counts for nothing in a comment of somebody else's", async () => {
    const world = await asked();
    const { github, ask, stackFile } = world;
    github.protect(REPO, "main", CI);
    await ask("/scale approve", "bob", 2);
    const mark = await marked(world, 2);
    expect(mark).toContain("pulumiscale:reply");
    const comments = Comments.parse(await asPerson(github, "alice")("GET", "/issues/2/comments"));
    for (const { id, body } of comments)
      if (body.startsWith("<!-- pulumiscale:reply")) await github.deleteComment(REPO, id, { by: "alice" });
    await github.comment(REPO, 2, { author: "alice", body: mark });
    github.protect(REPO, "main", null);
    await nudge(world);
    expect(await stackFile()).toContain('"3"');
  });

  it("cannot be written by whoever edits our answers, nor moved to another place", async () => {
    const world = await asked();
    const { github, ask, stackFile, issue } = world;
    github.protect(REPO, "main", CI);
    const head = await github.readRef(REPO, `refs/heads/${GATED}`);
    await ask("/scale help", "bob", 2);
    const comments = Comments.parse(await asPerson(github, "alice")("GET", "/issues/2/comments"));
    const ours = comments.find(({ body }) => body.startsWith("<!-- pulumiscale:reply"));
    const line = { kind: "approval", command: "/scale approve", alias: "shop.prod", login: "bob" };
    const state = { version: 1, status: "done", lines: [{ ...line, headOid: head, text: "👍" }] };
    const forged = Buffer.from(JSON.stringify(state)).toString("base64url");
    const signature = /([0-9a-f]{64}) -->/.exec(ours?.body ?? "")?.[1];
    const commentId = /reply (\d+) /.exec(ours?.body ?? "")?.[1];
    const body = `<!-- pulumiscale:reply ${commentId} ${forged} ${signature} -->\n👍`;
    await github.editComment(REPO, ours?.id ?? 0, { by: "alice", body });
    github.protect(REPO, "main", null);
    await nudge(world);
    expect(await stackFile()).toContain('"3"');
    // The genuine mark of an approval elsewhere speaks of that place alone.
    await ask("/scale help", "bob");
    const elsewhere = await marked(world, issue);
    await github.editComment(REPO, ours?.id ?? 0, { by: "alice", body: elsewhere });
    await nudge(world);
    expect(await stackFile()).toContain('"3"');
  });
});

describe("text from outside", { timeout: TIMEOUT }, () => {
  it.each([
    "/scale pause all </code><img src=x> @bob [x](https://evil.example) `a` #1 fixes #1 <!-- pulumiscale:reply 1 a -->",
    "/scale `web`@bob 5",
    "/scale <!--web--> 5",
    "/scale web|x 5",
    `/scale ${"w".repeat(600)} 5`,
    "/scale web \u202e5\u0000\u001b[31m",
    "/scale reject ``` \\u0060\\u0060\\u0060 @acme/everyone",
  ])("forges nothing in an answer: %s", async (body) => {
    const { ask, github, answers } = await startCommandWorld();
    const answer = await ask(body);
    expect(await answers()).toHaveLength(1);
    expect(answer).not.toMatch(/@bob|@acme|https:|<img|<!--|<\/code|#1/);
    expect([...answer].every((character) => character === "\n" || character >= " ")).toBe(true);
    expect(answer.split("`").length % 2).toBe(1);
    expect(github.violations).toEqual([]);
  });
});

describe("an answer that would be longer than GitHub takes", { timeout: TIMEOUT }, () => {
  it("is cut, given once, and read back by the next process", async () => {
    const contract = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`${"p".repeat(55)}${at}`, { ...API, configKey: `key${at}` }]),
    );
    const { ask, github, issue, answers, replica, startReplica } = await startCommandWorld({ contract });
    const lines = [...Array.from({ length: 9 }, () => "/scale status"), "/scale help"];
    const answer = await ask(lines.join("\n"));
    expect(answer).toContain("(the rest is left out)");
    expect(answer).toContain("/scale approve");
    const [posted = ""] = await readNotes(github, issue);
    expect(posted.length).toBeLessThan(65_536);
    await replica.stop();
    const edits = () =>
      github.requests.filter(({ operations }) => operations.includes("issues/update-comment")).length;
    const before = edits();
    const second = await startReplica();
    await second.idle();
    expect([await answers(), edits()]).toEqual([[answer], before]);
  });
});

describe("a comment in an odd place", { timeout: TIMEOUT }, () => {
  it("is answered on a closed issue as on any other", async () => {
    const { ask, github, issue } = await startCommandWorld();
    await github.close(REPO, issue, "alice");
    expect(await ask("/scale api 4")).toContain("2 → **4**");
  });

  it("is not carried out where it cannot be answered, as on a locked issue", async () => {
    const { ask, say, settled, github, issue, publish, stackFile, answers, reactions } =
      await startCommandWorld();
    const before = await stackFile();
    await github.lock(REPO, issue, "alice");
    const comment = await say("/scale api 4");
    await settled();
    await publish({});
    await settled();
    expect([await stackFile(), await answers(), await reactions(comment)]).toEqual([before, [], []]);

    const other = await github.openIssue(REPO, { author: "alice", title: "Elsewhere" });
    expect(await ask("/scale api 3", "alice", other)).toContain("2 → **3**");
    expect(github.violations).toEqual([]);
  });

  it("is answered once the issue is unlocked, where that is soon", async () => {
    const { say, settled, github, issue, publish, answers } = await startCommandWorld();
    await github.lock(REPO, issue, "alice");
    await say("/scale api 4");
    await settled();
    await github.unlock(REPO, issue, "alice");
    await publish({});
    await settled();
    expect(await answers()).toEqual([expect.stringContaining("2 → **4**")]);
  });

  it("is let be after two hours where the issue stays locked", async () => {
    const { options, ahead } = movableClock();
    const { say, settled, github, issue, publish, stackFile, answers } = await startCommandWorld(options);
    const before = await stackFile();
    await github.lock(REPO, issue, "alice");
    await say("/scale api 4");
    await settled();
    ahead(121);
    const tried = () =>
      github.requests.filter(({ operations }) => operations.includes("issues/create-comment")).length;
    const triedBefore = tried();
    for (let round = 0; round < 3; round++) {
      await publish({});
      await settled();
    }
    await github.unlock(REPO, issue, "alice");
    await publish({});
    await settled();
    expect([tried(), await stackFile(), await answers()]).toEqual([triedBefore, before, []]);
  });

  it("is carried out where GitHub takes no reaction", async () => {
    const { ask, github } = await startCommandWorld();
    const match = { operation: "reactions/create-for-issue-comment" };
    github.faults.add({ match, kind: "status", status: 403, body: { message: "locked" } });
    expect(await ask("/scale api 4")).toContain("2 → **4**");
  });

  it("is answered later where GitHub has had enough in the middle, and no change is half made", async () => {
    const { options, ahead } = movableClock();
    const { ask, github, stackFile, replica, startReplica, answered, answers } =
      await startCommandWorld(options);
    const before = await stackFile();
    const headers = { "retry-after": "30" };
    const body = { message: "You have exceeded a secondary rate limit." };
    for (const operation of ["createCommitOnBranch", "git/create-ref"])
      github.faults.add({ match: { operation }, kind: "status", status: 403, headers, body });
    expect(await ask("/scale api 4")).toBe("⏳ On it.");
    expect(await stackFile()).toBe(before);
    await replica.stop();
    ahead(2);
    github.faults.clear();
    const second = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await second.idle();
    expect(await answers()).toHaveLength(1);
  });

  it("holds up no other where somebody has deleted its answer", async () => {
    const { ask, github, publish, settled, answered } = await startCommandWorld();
    await ask("/scale api 4");
    const comments = Comments.parse(await asPerson(github, "alice")("GET", "/issues/1/comments"));
    const first = comments.find(({ body }) => body.startsWith("<!-- pulumiscale:reply"));
    await ask("/scale web 5");
    await github.deleteComment(REPO, first?.id ?? 0, { by: "alice" });
    await publish({ applied: { web: 5, api: 4 } });
    await settled();
    expect(await answered(/Applied/)).toContain("`shop.prod/web`");
  });
});
