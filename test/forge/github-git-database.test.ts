import { expect, it } from "vitest";
import type { OwnPull, PullRequestDraft } from "../../src/forge/forge.ts";
import { OLD_SERVER } from "../support/old-server.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { startForge } from "./github-world.ts";

const REPO = "acme/infra";
const BRANCH = "scale/shop.prod";
const text = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);

/** A forge without the mutations that compare and swap, with `web` 3 → 4 in pull request #1. */
async function opened() {
  const world = await startForge({}, OLD_SERVER);
  const { github, forge } = world;
  const read = () => forge.readSnapshot(PLACE, 0);
  const open = async (web: number, over: Partial<PullRequestDraft> = {}) => {
    const { repositoryId, repositoryNumber, headOid: expectedHeadOid, inRange } = await read();
    const { path } = PLACE;
    const words = { headline: `scale to ${web}`, body: "" };
    const about = { repositoryId, expectedHeadOid, path };
    const request = { urgency: "scale-out", ...about, text: text(web), edits: [] } as const;
    const draft = {
      ...{ branch: BRANCH, repositoryNumber, current: inRange },
      ...{ title: words.headline, body: "why", labels: [] },
    };
    return forge.openPull(PLACE, { ...request, ...words }, { ...draft, ...over });
  };
  const pull = await open(4);
  const { inRange, repositoryId } = await read();
  const own: OwnPull = { repositoryId, number: pull.number, branch: BRANCH, headOid: pull.headOid };
  /** Somebody else's push, answers its oid. */
  const push = (branch = BRANCH) =>
    github.commit(REPO, { branch, login: "alice", message: "by hand", files: { "note.txt": "x\n" } });
  /** Does it when GitHub is asked for this, before it is carried out. */
  const before = (operation: string, work: () => Promise<unknown>) => {
    const stop = github.onRequest(async ({ phase, request }) => {
      if (phase !== "received" || !request.operations.includes(operation)) return;
      stop();
      await work();
    });
  };
  const branch = () => github.readRef(REPO, `refs/heads/${BRANCH}`);
  return { ...world, open, own, push, before, branch, inRange };
}

it("a branch that has moved since it was read is neither replaced nor deleted", async () => {
  const { forge, open, own, push, branch, inRange, github } = await opened();
  const pushed = await push();
  await expect(open(5, { current: inRange })).rejects.toMatchObject({ code: "conflict" });
  await expect(forge.closePull(PLACE, own, "over")).rejects.toMatchObject({ code: "conflict" });
  expect(await branch()).toBe(pushed);
  expect(github.violations).toEqual([]);
});

it("a branch that is gone is a lost race too", async () => {
  const { forge, open, own, inRange } = await opened();
  await forge.closePull(PLACE, own, "over");
  await expect(forge.closePull(PLACE, own, "over")).rejects.toMatchObject({ code: "conflict" });
  await expect(open(5, { current: inRange })).rejects.toMatchObject({ code: "conflict" });
});

it("a branch that is not known is not taken over where it is there", async () => {
  const { open, branch, own } = await opened();
  await expect(open(5, { current: null })).rejects.toMatchObject({ code: "conflict" });
  expect(await branch()).toBe(own.headOid);
});

it("a pull request that was merged while it was made anew leaves no branch behind", async () => {
  const { forge, open, own, before, branch, github } = await opened();
  const request = { number: 1, headOid: own.headOid, method: "squash", title: "4", message: "" } as const;
  before("git/create-tree", () => forge.mergePull(PLACE, request));
  await expect(open(5)).rejects.toMatchObject({ code: "conflict" });
  expect(await branch()).toBeNull();
  expect(await github.readFile(REPO, PLACE.path)).toBe(text(4));
});

it("a branch that moves while its pull request is opened is a lost race", async () => {
  const { forge, open, own, push, before } = await opened();
  await forge.closePull(PLACE, own, "over");
  before("pulls/create", () => push());
  await expect(open(5)).rejects.toMatchObject({ code: "conflict" });
});

it("a pull request that another replica opened of our commit gets our words", async () => {
  const { forge, open, own, before, github, installation } = await opened();
  await forge.closePull(PLACE, own, "over");
  before("pulls/create", async () => {
    const response = await fetch(`${github.apiUrl}/repos/${REPO}/pulls`, {
      method: "POST",
      headers: { authorization: `token ${installation.issueToken()}` },
      body: JSON.stringify({ title: "other words", body: "other", head: BRANCH, base: "main" }),
    });
    expect(response.status).toBe(201);
  });
  const { number } = await open(5);
  expect(number).toBe(2);
  expect((await forge.readStanding(PLACE, 2)).isOurs).toBe(true);
});
