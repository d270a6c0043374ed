import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseContract } from "../../src/domain/contract.ts";
import type { Forge } from "../../src/forge/forge.ts";
import { Background } from "../../src/workflows/background.ts";
import type { NextListing } from "../../src/workflows/guarded-repositories.ts";
import { StackDirectory } from "../../src/workflows/stack-directory.ts";
import { RepositoryWatch } from "../../src/workflows/watch-repositories.ts";
import { PLACE } from "../support/shop-stack.ts";

const never = (): never => {
  throw new Error("nothing is asked of the forge here");
};
const forge: Forge = {
  readSnapshot: never,
  commit: never,
  openPull: never,
  mergePull: never,
  requestAutoMerge: never,
  withdrawAutoMerge: never,
  enqueuePull: never,
  dequeuePull: never,
  closePull: never,
  closeKept: never,
  readStanding: never,
  addLabel: never,
  writeNote: never,
};

/** A watch over repositories that are listed by name; `broken` is an installation that cannot be listed. */
function watchOver(repos: string[], broken: { installation: boolean } = { installation: false }) {
  const directory = new StackDirectory({
    forge,
    ledger: { judge: never },
    clock: () => 0,
    background: new Background(never),
    paused: null,
    onSettled: never,
  });
  const { contract } = parseContract({});
  const lastPush = new Map<string, string>();
  const next = new Map<string, NextListing>();
  const reads: string[] = [];
  /** The next read of a repository has seen what it has seen, and its answer is late. */
  const late = new Map<string, Promise<void>>();
  const tokenHashes: string[] = [];
  const watch = new RepositoryWatch(
    {
      async *listRepositories(onSkipped) {
        if (broken.installation) onSkipped(new Error("suspended"));
        yield* repos.map((repo) => ({ owner: "acme", repo, lastPush: lastPush.get(repo) ?? "long ago" }));
      },
      readRepository: async ({ owner, repo }) => {
        reads.push(repo);
        const stacks = [
          {
            place: { ...PLACE, owner, repo },
            contract,
            tokenHashes: [...tokenHashes],
            publishedAt: "2026-01-07T12:00:00Z",
            refusal: null,
          },
        ];
        const gate = late.get(repo);
        late.delete(repo);
        await gate;
        return {
          owner,
          repo,
          stacks,
          unserved: [],
          hasLedger: true,
          openScales: [],
          pinned: [],
          leftBehind: [],
          repositoryNumber: "1",
          openHeads: [],
          plans: [],
          hasSettings: false,
          statusIssue: false,
          notifications: {},
        };
      },
    },
    directory,
    { onListed: () => {}, nextListing: ({ repo }) => next.get(repo) ?? "after-a-push", onError: () => {} },
  );
  return {
    ...{ watch, next, lastPush, reads, late, tokenHashes },
    served: () => directory.stackNames().map(({ repo }) => repo),
    callers: () => [...directory.all()].flatMap(({ listed }) => listed.tokenHashes),
  };
}

describe("RepositoryWatch", () => {
  it("forgets a repository that is no longer listed, whether or not an event told of it", async () => {
    const repos = ["infra", "web"];
    const { watch, served } = watchOver(repos);
    await watch.listAll();
    expect(served()).toEqual(["infra", "web"]);
    repos.pop();
    await watch.listAll();
    expect(served()).toEqual(["infra"]);
    repos.push("web");
    await watch.listAll();
    expect(served()).toEqual(["infra", "web"]);
    watch.forget({ owner: "acme", repo: "infra" });
    expect(served()).toEqual(["web"]);
    await watch.listAll();
    expect(served().toSorted()).toEqual(["infra", "web"]);
  });

  it("forgets nothing while an installation cannot be listed", async () => {
    const repos = ["infra", "web"];
    const broken = { installation: false };
    const { watch, served } = watchOver(repos, broken);
    await watch.listAll();
    repos.pop();
    broken.installation = true;
    await watch.listAll();
    expect(served()).toEqual(["infra", "web"]);
  });

  it("reads a repository again only after a push, and once more to be sure", async () => {
    const { watch, lastPush, reads, served } = watchOver(["infra", "web"]);
    for (let times = 0; times < 5; times++) await watch.listAll();
    expect(reads.toSorted()).toEqual(["infra", "infra", "web", "web"]);
    lastPush.set("web", "now");
    await watch.listAll();
    expect(reads.filter((repo) => repo === "web")).toHaveLength(3);
    expect(served().toSorted()).toEqual(["infra", "web"]);
  });

  it("reads one again without a push where something waits, and now and then where an event may be lost", async () => {
    const { watch, next, reads } = watchOver(["waits", "guarded", "other"]);
    next.set("waits", "soon");
    next.set("guarded", "later");
    for (let times = 0; times < 9; times++) await watch.listAll();
    const timesRead = (name: string) => reads.filter((repo) => repo === name).length;
    expect([timesRead("waits"), timesRead("guarded"), timesRead("other")]).toEqual([9, 3, 2]);
  });

  it("does not go back to what a read that began earlier has seen", async () => {
    const { watch, late, tokenHashes, reads, callers } = watchOver(["infra"]);
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    tokenHashes.push("old");
    late.set("infra", promise);
    const all = watch.listAll();
    while (reads.length === 0) await nextTurn();
    tokenHashes.splice(0, 1, "new");
    await watch.list({ owner: "acme", repo: "infra" });
    answer();
    expect(await all).toBe("whole");
    expect(callers()).toEqual(["new"]);
  });

  it("does not bring back what was forgotten while it was read", async () => {
    const { watch, late, reads, served } = watchOver(["infra", "web"]);
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    late.set("infra", promise);
    const all = watch.listAll();
    while (reads.length < 2) await nextTurn();
    watch.forget({ owner: "acme", repo: "infra" });
    answer();
    await all;
    expect(served()).toEqual(["web"]);
    await watch.listAll();
    expect(served().toSorted()).toEqual(["infra", "web"]);
  });

  it("ends early at the stop", async () => {
    const { watch, reads } = watchOver(["infra", "web"]);
    await watch.listAll(AbortSignal.abort());
    expect(reads).toEqual([]);
  });
});
