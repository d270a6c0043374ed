import { describe, expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";

const TIMEOUT = 60_000;

/** More than one page of people talking with each other. */
async function chat({ github, issue }: CommandWorld, number = issue): Promise<number[]> {
  const said: number[] = [];
  for (let count = 1; count <= 110; count++)
    said.push(await github.comment(REPO, number, { author: "bob", body: `Thought ${count}` }));
  return said;
}

describe("among more than a hundred comments", { timeout: TIMEOUT }, () => {
  it("a command that nobody has answered is found at the next start", async () => {
    const world = await startCommandWorld();
    const { github, say, replica, startReplica, answered, answers } = world;
    await replica.stop();
    await say("/scale api 4");
    await chat(world, await github.openIssue(REPO, { author: "alice", title: "Lunch" }));
    const second = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await second.idle();
    expect(await answers()).toHaveLength(1);
  });

  it("our own claim is found, and what it claims is gone on with", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { github, say, replica, startReplica, answered, answers } = world;
    await replica.stop();
    await say("/scale api +2");
    await chat(world);
    for (const operation of ["createCommitOnBranch", "issues/update-comment"])
      github.faults.add({ match: { operation }, kind: "status", status: 500, times: 99 });
    const second = await startReplica();
    await answered(/⏳ On it/);
    await second.idle();
    await second.stop();
    github.faults.clear();
    ahead(2);
    const third = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await third.idle();
    expect(await answers()).toHaveLength(1);
  });

  it("a command is read where as many older ones were edited since", async () => {
    const world = await startCommandWorld();
    const { github, say, replica, startReplica, answered } = world;
    await replica.stop();
    const older = await chat(world);
    await say("/scale api 4");
    for (const comment of older)
      await asPerson(github, "bob")("PATCH", `/issues/comments/${comment}`, { body: "Never mind" });
    await startReplica();
    expect(await answered(/2 → \*\*4\*\*/)).toContain("/scale api 4");
  });
});
