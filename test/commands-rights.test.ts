import { describe, expect, it } from "vitest";
import { REPO, startCommandWorld } from "./support/command-world.ts";
import { readNotes } from "./support/read-notes.ts";

const TIMEOUT = 60_000;
const rules = (text: string) => ({ files: { ".github/pulumiscale.yml": text } });

describe("commands of people without the right", { timeout: TIMEOUT }, () => {
  it.each(["rita", "sam"])("get one polite sentence, once, and nothing else happens: %s", async (login) => {
    const { say, answers, settled, reactions, stackFile, github } = await startCommandWorld();
    const before = await stackFile();
    const first = await say("/scale web 5", login);
    await settled();
    const second = await say("/scale pause all\n/scale help", login);
    await settled();
    expect(await answers()).toEqual([
      `Sorry, ${login}, commands here are for people with write permission to this repository.`,
    ]);
    expect([...(await reactions(first)), ...(await reactions(second))]).toEqual([]);
    expect(await stackFile()).toBe(before);
    expect(await github.readFile(REPO, "controls.json", "pulumiscale")).toBeNull();
  });

  it("are told to a few strangers of an hour, and no more", async () => {
    const { say, answers, settled, github } = await startCommandWorld();
    for (let index = 0; index < 14; index++) {
      github.createUser(`stranger-${index}`);
      await say("/scale web 5", `stranger-${index}`);
    }
    await settled();
    expect(await answers()).toHaveLength(10);
  });
});

describe("the rules of the repository", { timeout: TIMEOUT }, () => {
  it("hold where no stack of it is served, as where its ledger cannot be read", async () => {
    const { ask, say, answers, putEntry, replica, startReplica, app, github } = await startCommandWorld(
      rules("commands:\n  allow:\n    - users: [bob]\n"),
    );
    await ask("/scale pause all", "bob");
    await putEntry("{ broken");
    await replica.stop();
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    await say("/scale resume all", "carol");
    await github.webhooksIdle();
    await second.idle();
    expect((await answers()).at(-1)).toContain("🔒 Sorry, carol, the rules of this repository");
    expect(await github.readFile(REPO, "controls.json", "pulumiscale")).toContain('"by": "bob"');
  });
});

describe("commands that are none", { timeout: TIMEOUT }, () => {
  it.each([
    ["a quote", "> /scale web 5"],
    ["a code block", "```\n/scale web 5\n```"],
    ["an indented block", "so:\n\n    /scale web 5"],
    ["the middle of a line", "please /scale web 5"],
    ["another word", "/scaleweb 5\n/scaling web 5"],
    ["a comment of HTML", "<!--\n/scale web 5\n-->"],
  ])("are neither carried out nor answered: in %s", async (_where, body) => {
    const { say, settled, reactions, stackFile, github, issue } = await startCommandWorld();
    const before = await stackFile();
    const id = await say(body);
    await settled();
    expect(await stackFile()).toBe(before);
    expect(await reactions(id)).toEqual([]);
    expect(await readNotes(github, issue)).toEqual([body]);
  });

  it("are those of bots", async () => {
    const { settled, stackFile, github, issue, answers } = await startCommandWorld();
    const before = await stackFile();
    const other = await github.createApp({ slug: "other", permissions: { issues: "write" }, events: [] });
    const token = github.installApp(other, "acme", "all").issueToken();
    const answer = await fetch(`${github.apiUrl}/repos/${REPO}/issues/${issue}/comments`, {
      method: "POST",
      headers: { authorization: `bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ body: "/scale web 5" }),
    });
    expect(answer.status).toBe(201);
    await settled();
    expect(await stackFile()).toBe(before);
    expect(await answers()).toEqual([]);
  });

  it("are those that were edited in, by the author or by somebody else", async () => {
    const { say, settled, stackFile, github, answers, replica, startReplica, app } =
      await startCommandWorld();
    const before = await stackFile();
    const own = await say("good morning");
    await github.editComment(REPO, own, { by: "alice", body: "/scale web 5" });
    await settled();
    await replica.stop();
    const late = await say("/scale web 5");
    await github.editComment(REPO, late, { by: "bob", body: "/scale web 9" });
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    await second.idle();
    expect(await stackFile()).toBe(before);
    expect(await answers()).toEqual([]);
  });
});

describe("the rules of the repository file", { timeout: TIMEOUT }, () => {
  it("let teams and people in, by command, stack and size of the change", async () => {
    const world = await startCommandWorld(
      rules(
        "commands:\n  allow:\n    - teams: [sre]\n    - users: [bob]\n      commands: [scale, status]\n      changeUpTo: 2\n",
      ),
    );
    const { ask, github, stackFile } = world;
    github.createTeam("acme", "sre", ["carol"]);
    expect(await ask("/scale web 4", "alice")).toContain(
      "🔒 Sorry, alice, the rules of this repository let other people give commands.",
    );
    expect(await ask("/scale web 8", "bob")).toContain(
      "🔒 Sorry, bob, you may change this pool by 2 at once, and 3 → 8 is a change by 5.",
    );
    expect(await ask("/scale pause all", "bob")).toContain("do not let you use `/scale pause`");
    expect(await stackFile()).toContain('"3"');
    expect(await ask("/scale api 4", "bob")).toContain("2 → **4**");
    expect(await ask("/scale web 8", "carol")).toContain("3 → **8**");
    github.removeFromTeam("acme", "sre", "carol");
    expect(await ask("/scale status", "carol")).toContain("let other people give commands");
  });

  it("that let somebody pause and not resume leave everybody else's pauses to hold as long as they did", async () => {
    const world = await startCommandWorld(
      rules(
        "commands:\n  allow:\n    - users: [bob]\n    - users: [alice]\n      commands: [pause, pin, scale]\n",
      ),
    );
    const { ask, github } = world;
    const held = async (path: string) => (await github.readFile(REPO, path, "pulumiscale")) ?? "";
    await ask("/scale pause all incident", "bob");
    await ask("/scale pause web out", "bob");
    expect(await ask("/scale pause all for 1m")).toContain(
      "bob has paused the whole repository until somebody resumes it (incident)",
    );
    expect(await ask("/scale pause shop.prod/web for 1m")).not.toContain("It takes the place of");
    // What holds longer is not theirs to shorten after it, either.
    await ask("/scale pause all");
    expect(await ask("/scale pause all for 2m")).toContain("takes the place of this: alice has paused");
    expect(await held("controls.json")).toMatch(/"until": null,\s+"by": "bob"/);
    expect(await held("controls/shop.prod.json")).toMatch(/"until": null,\s+"by": "bob"/);
    expect(await ask("/scale pause all for 1h", "bob")).toContain("takes the place of this: bob has paused");
  });

  it("that let somebody pin and not resume leave everybody else's pins as they are", async () => {
    const { ask, github } = await startCommandWorld(
      rules("commands:\n  allow:\n    - users: [bob]\n    - users: [alice]\n      commands: [pin]\n"),
    );
    await ask("/scale pin api 3", "bob");
    for (const pin of ["api 3 for 1m", "api 5", "api 3"])
      expect(await ask(`/scale pin ${pin}`)).toContain(
        "🚫 You may not resume what another person has said, so it stays: bob has pinned api at 3 until somebody resumes it.",
      );
    const held = await github.readFile(REPO, "controls/shop.prod.json", "pulumiscale");
    expect(held).toMatch(/"value": 3,\s+"until": null,\s+"by": "bob"/);
    expect(await ask("/scale pin web 4")).toContain("alice has pinned web at 4");
    expect(await ask("/scale pin web 5 for 1h")).toContain("alice has pinned web at 5");
    expect(await ask("/scale pin web 4", "bob")).toContain("takes the place of this: alice has pinned web");
  });

  it("let the people of a stack look without naming it, where it is the only one", async () => {
    const { ask } = await startCommandWorld(rules("commands:\n  allow:\n    - stacks: [shop.prod]\n"));
    for (const command of ["status", "history"])
      expect(await ask(`/scale ${command}`)).toContain("`shop.prod/web`");
    expect(await ask("/scale pause all")).toContain("on the whole repository at once");
  });

  it("are as the base branch has them, and nobody is let in by a file that cannot be read", async () => {
    const { ask, stackFile } = await startCommandWorld(rules("commands:\n  alow: []\n"));
    const before = await stackFile();
    const answer = await ask("/scale web 5");
    expect(answer).toContain("⚠️ It did not work: ");
    expect(answer).toContain("pulumiscale.yml");
    expect(await ask("/scale pause all")).toContain("⚠️");
    expect(await stackFile()).toBe(before);
  });

  it("hold for teams that are not there too", async () => {
    const { ask } = await startCommandWorld(rules("commands:\n  allow:\n    - teams: [nobody]\n"));
    expect(await ask("/scale web 5")).toContain("🔒 Sorry, alice");
  });
});
