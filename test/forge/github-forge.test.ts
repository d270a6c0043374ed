import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../src/domain/snapshot.ts";
import { ForgeError } from "../../src/forge/forge.ts";
import { asPerson } from "../support/as-person.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { startForge } from "./github-world.ts";
import { commitWish, pullWish } from "./scale-wishes.ts";

const DAY_MS = 86_400_000;
const changed = STACK_FILE.replace('"3"', '"4"');

describe("GitHubForge", () => {
  it("reads a snapshot in one call", async () => {
    const { github, forge } = await startForge({ ".github/pulumiscale.yml": "paused: false\n" });
    await github.commit("acme/infra", {
      files: { "Pulumi.prod.yaml": changed },
      message: "by hand",
      login: "alice",
    });
    const before = github.requests.length;
    const snapshot = await forge.readSnapshot(PLACE, DAY_MS);
    expect(github.requests.length - before).toBe(1);
    expect(snapshot.file).toEqual({ kind: "text", text: changed });
    expect(snapshot.headOid).toBe(await github.readRef("acme/infra", "main"));
    expect(snapshot.history.map(({ message, author, after }) => [message, author, after])).toEqual([
      ["by hand", "alice", { kind: "text", text: changed }],
      [expect.any(String), expect.any(String), { kind: "text", text: STACK_FILE }],
    ]);
    expect(snapshot.history[0]?.before).toEqual({ kind: "text", text: STACK_FILE });
    expect(snapshot.history[1]?.before).toEqual({ kind: "missing" });
    expect(snapshot.repositoryFile).toEqual({ kind: "text", text: "paused: false\n" });
    expect(snapshot.inRange).toBeNull();
    expect(snapshot.mergeMethods).toContain("squash");
    expect(github.violations).toEqual([]);
  });

  it("commits on the head that was read, byte for byte, and loses a race as a conflict", async () => {
    const { github, forge } = await startForge();
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(seen, { text: `\ufeff${changed}\r\n`, headline: "h", body: "b" });
    const oid = await forge.commit(PLACE, request);
    expect(await github.readRef("acme/infra", "main")).toBe(oid);
    expect(await github.readFile("acme/infra", PLACE.path)).toBe(request.text);
    await expect(forge.commit(PLACE, request)).rejects.toMatchObject({
      name: "ForgeError",
      code: "conflict",
    });
    expect((await forge.readSnapshot(PLACE, DAY_MS)).file).toEqual({ kind: "text", text: request.text });
  });

  it("opens a pull request with one commit, and merges it with our own words", async () => {
    const { github, forge } = await startForge();
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(seen, { headline: "scale(x): 3 → 4", body: "why" });
    const before = github.requests.length;
    const opened = await forge.openPull(PLACE, request, pullWish({ title: "scale(x)", body: "table" }));
    expect(opened.baseOid).toBe(seen.headOid);
    const merge = {
      number: opened.number,
      headOid: opened.headOid,
      method: "squash",
      title: "scale(x): 3 → 4",
      message: "why",
    } as const;
    const outcome = await forge.mergePull(PLACE, merge);
    expect(outcome.kind).toBe("merged");
    expect(github.requests.length - before).toBe(3);
    const [newest] = await github.readLog("acme/infra", "main");
    expect(newest?.message.trim()).toBe("scale(x): 3 → 4\n\nwhy");
    const after = await forge.readSnapshot(PLACE, DAY_MS);
    expect(after.history[0]).toMatchObject({
      pullRequest: opened.number,
      message: expect.stringContaining("scale(x): 3 → 4"),
    });
    expect(after.inRange?.pull ?? null).toBeNull();
    expect(github.violations).toEqual([]);
  });

  it("replaces the one commit of a living pull request without closing it", async () => {
    const { github, forge } = await startForge();
    const first = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(first);
    const draft = pullWish();
    const opened = await forge.openPull(PLACE, request, draft);
    await github.commit("acme/infra", { files: { "other.txt": "x" }, message: "other", login: "alice" });
    const second = await forge.readSnapshot(PLACE, DAY_MS);
    expect(second.inRange).toMatchObject({
      headOid: opened.headOid,
      headMessage: expect.stringContaining("one"),
      pull: { number: opened.number },
    });
    const text = STACK_FILE.replace('"3"', '"6"');
    const again = { ...request, expectedHeadOid: second.headOid, text, headline: "two" };
    const replaced = await forge.openPull(PLACE, again, { ...draft, current: second.inRange, title: "two" });
    expect(replaced.number).toBe(opened.number);
    const third = await forge.readSnapshot(PLACE, DAY_MS);
    expect(third.inRange).toMatchObject({
      headOid: replaced.headOid,
      parentOid: second.headOid,
      file: { kind: "text", text },
    });
    // The branch is no longer what the second snapshot saw: whoever still believes that loses.
    await expect(forge.openPull(PLACE, again, { ...draft, current: second.inRange })).rejects.toBeInstanceOf(
      ForgeError,
    );
    expect(github.violations).toEqual([]);
  });

  it("takes a pull request that was merged while it was made anew for a lost race", async () => {
    const { github, forge } = await startForge();
    const first = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(first, { text: STACK_FILE.replace('"3"', '"5"') });
    const draft = pullWish();
    const opened = await forge.openPull(PLACE, request, draft);
    const { inRange } = await forge.readSnapshot(PLACE, DAY_MS);
    await forge.mergePull(PLACE, { ...opened, method: "squash", title: "one", message: "" });
    const again = { ...request, text: STACK_FILE.replace('"3"', '"6"'), headline: "two" };
    await expect(forge.openPull(PLACE, again, { ...draft, current: inRange })).rejects.toMatchObject({
      code: "conflict",
    });
    // Nothing is left that would keep the next attempt waiting for whoever holds the branch.
    expect(await github.listBranches("acme/infra")).not.toContain("scale/shop.prod");
  });

  it("takes over a branch that a dead process left without a pull request", async () => {
    const { github, forge } = await startForge();
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(seen);
    const draft = pullWish();
    github.faults.add({ match: { method: "POST", path: /\/pulls$/ }, times: 3, kind: "status", status: 502 });
    await expect(forge.openPull(PLACE, request, draft)).rejects.toMatchObject({ code: "unavailable" });
    const left = await forge.readSnapshot(PLACE, DAY_MS);
    expect(left.inRange).toMatchObject({ pull: null });
    await expect(forge.openPull(PLACE, request, draft)).rejects.toMatchObject({ code: "conflict" });
    const opened = await forge.openPull(PLACE, request, { ...draft, current: left.inRange });
    expect(opened.number).toBeGreaterThan(0);
  });

  it("labels what waits for approval, and finds it by pool", async () => {
    const { forge } = await startForge();
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(seen);
    const branch = "scale-approval/shop.prod/web";
    const { repositoryNumber } = seen;
    await forge.openPull(
      PLACE,
      request,
      pullWish({ repositoryNumber, branch, title: "t", labels: ["needs-approval"] }),
    );
    const { gated } = await forge.readSnapshot(PLACE, DAY_MS);
    expect(gated.get("web")).toMatchObject({ name: branch, pull: { number: 1 } });
    const { labels, isOurs, headOid: head } = await forge.readStanding(PLACE, 1);
    expect([labels, isOurs, head]).toEqual([["needs-approval"], true, gated.get("web")?.headOid]);
  });

  it("leaves the words and the mark of the replica that has won the race", async () => {
    const { github, forge } = await startForge();
    const open = async (web: number, seen: Snapshot) => {
      const { repositoryNumber, inRange: current } = seen;
      const title = `to ${web}`;
      const text = STACK_FILE.replace('"3"', `"${web}"`);
      const request = commitWish(seen, { urgency: "other", text, headline: title });
      return forge.openPull(PLACE, request, pullWish({ current, title, repositoryNumber }));
    };
    await open(4, await forge.readSnapshot(PLACE, DAY_MS));
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const { headOid } = await open(5, seen);
    await expect(open(6, seen)).rejects.toMatchObject({ code: "conflict" });
    expect(await forge.readStanding(PLACE, 1)).toMatchObject({ headOid, isOurs: true });
    expect(await asPerson(github, "acme")("GET", "/pulls/1")).toMatchObject({ title: "to 5" });
  });

  it("does not count a pull request that a person opened from our branch", async () => {
    const { github, forge } = await startForge();
    await github.commit("acme/infra", {
      files: { [PLACE.path]: changed },
      message: "x",
      branch: "scale/shop.prod",
      login: "alice",
    });
    const token = github.issueToken({ kind: "user", login: "alice" });
    await fetch(`${github.apiUrl}/repos/acme/infra/pulls`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ title: "mine", head: "scale/shop.prod", base: "main" }),
    });
    const { inRange } = await forge.readSnapshot(PLACE, DAY_MS);
    expect(inRange).not.toBeNull();
    expect(inRange?.pull).toBeNull();
  });

  it("waits where the repository asks for a check first, and says so", async () => {
    const { github, forge } = await startForge();
    github.protect("acme/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const seen = await forge.readSnapshot(PLACE, DAY_MS);
    const request = commitWish(seen);
    const draft = pullWish();
    const opened = await forge.openPull(PLACE, request, draft);
    const merge = {
      number: opened.number,
      headOid: opened.headOid,
      method: "squash",
      title: "t",
      message: "m",
    } as const;
    expect(await forge.mergePull(PLACE, merge)).toMatchObject({ kind: "waiting" });
    expect(await forge.mergePull(PLACE, { ...merge, headOid: seen.headOid })).toMatchObject({
      kind: "moved",
    });
  });

  it.each([
    [404, "not-found"],
    [403, "forbidden"],
    [429, "rate-limited"],
    [500, "unavailable"],
    [502, "unavailable"],
  ])("calls a GitHub that answers %i %s", async (status, code) => {
    const { github, forge } = await startForge();
    github.faults.add({ match: { path: /graphql/ }, times: 1, kind: "status", status });
    await expect(forge.readSnapshot(PLACE, DAY_MS)).rejects.toMatchObject({ name: "ForgeError", code });
  });
});
