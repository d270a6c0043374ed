import { describe, expect, it } from "vitest";
import { parseContract } from "../../src/domain/contract.ts";
import type { Forge } from "../../src/forge/forge.ts";
import { Background } from "../../src/workflows/background.ts";
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
  closePull: never,
};

/** A watch over repositories that are listed by name; `broken` is an installation that cannot be listed. */
function watchOver(repos: string[], broken: { installation: boolean } = { installation: false }) {
  const directory = new StackDirectory({
    forge,
    clock: () => 0,
    background: new Background(never),
    paused: null,
    hmacSecret: null,
    answerWithinMs: 1000,
    onSettled: never,
  });
  const { contract } = parseContract({});
  const watch = new RepositoryWatch(
    {
      async *listRepositories(onSkipped) {
        if (broken.installation) onSkipped(new Error("suspended"));
        yield* repos.map((repo) => ({ owner: "acme", repo }));
      },
      readRepository: async ({ owner, repo }) => ({
        owner,
        repo,
        stacks: [{ place: { ...PLACE, owner, repo }, contract, tokenHashes: [] }],
        unserved: [],
        hasLedger: true,
        openScales: [],
      }),
    },
    directory,
    { onListed: () => {}, onError: () => {} },
  );
  return { watch, served: () => directory.stackNames().map(({ repo }) => repo) };
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
});
