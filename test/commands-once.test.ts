import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";

const TIMEOUT = 60_000;

/** GitHub sends the webhook of the first comment once more, with the headers that it had. */
async function redeliver({ github, settled }: CommandWorld, base: string): Promise<void> {
  const first = github.webhookDeliveries.find(
    ({ event, action }) => event === "issue_comment" && action === "created",
  );
  if (first === undefined) throw new Error("no comment was told of");
  const { headers, payload: body } = first.request;
  const answer = await fetch(`${base}/api/github/webhooks`, {
    method: "POST",
    headers,
    body,
  });
  expect(answer.status).toBe(200);
  await settled();
}

const Listed = z.array(z.object({ id: z.int() }));

async function newestComment({ github, issue }: CommandWorld): Promise<number> {
  const listed = Listed.parse(await asPerson(github, "alice")("GET", `/issues/${issue}/comments`));
  return listed.at(-1)?.id ?? 0;
}

describe("a comment is answered once", { timeout: TIMEOUT }, () => {
  it("however often GitHub tells of it", async () => {
    const world = await startCommandWorld();
    const { ask, answers, replica, stackFile } = world;
    await ask("/scale api +2");
    for (let time = 0; time < 3; time++) await redeliver(world, replica.url);
    expect(await answers()).toHaveLength(1);
    expect(await stackFile()).toContain("shop:apiCount: 4");
  });

  it("also by another replica that was started later", async () => {
    const world = await startCommandWorld();
    await world.ask("/scale api +2");
    const second = await world.startReplica();
    await redeliver(world, second.url);
    await second.idle();
    expect(await world.answers()).toHaveLength(1);
    expect(await world.stackFile()).toContain("shop:apiCount: 4");
  });

  it("where the app was down as it was written", async () => {
    const { say, replica, startReplica, answered, answers } = await startCommandWorld();
    await replica.stop();
    await say("/scale api 4");
    const second = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await second.idle();
    expect(await answers()).toHaveLength(1);
  });

  it("where an app died between its claim and its answer", async () => {
    const { options, ahead } = movableClock();
    const { say, replica, startReplica, answered, answers, github, settled } =
      await startCommandWorld(options);
    // Whatever it would say after its claim, it cannot.
    github.faults.add({
      match: { operation: "createCommitOnBranch" },
      kind: "status",
      status: 500,
      times: 99,
    });
    github.faults.add({
      match: { operation: "issues/update-comment" },
      kind: "status",
      status: 500,
      times: 99,
    });
    await say("/scale api +2");
    await answered(/⏳ On it/);
    await settled();
    await replica.stop();
    github.faults.clear();
    ahead(2);
    const second = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await second.idle();
    expect(await answers()).toHaveLength(1);
  });

  it.each([
    ["edited", "PATCH"],
    ["deleted", "DELETE"],
  ] as const)(
    "and not gone on with where it was %s after its claim: the answer comes to an end",
    async (_, method) => {
      const { options, ahead } = movableClock();
      const { say, replica, startReplica, answered, answers, github, settled, stackFile } =
        await startCommandWorld(options);
      const before = await stackFile();
      for (const operation of ["createCommitOnBranch", "issues/update-comment"])
        github.faults.add({ match: { operation }, kind: "status", status: 500, times: 99 });
      const comment = await say("/scale api +2");
      await answered(/⏳ On it/);
      await settled();
      await replica.stop();
      github.faults.clear();
      ahead(2);
      const body = method === "PATCH" ? { body: "/scale api +9" } : undefined;
      await asPerson(github, "alice")(method, `/issues/comments/${comment}`, body);
      const second = await startReplica();
      await second.idle();
      expect(await answered(/edited or deleted/)).toContain("Commands in edited comments do not count");
      expect(await answers()).toHaveLength(1);
      expect(await stackFile()).toBe(before);
      expect(github.violations).toEqual([]);
    },
  );

  it("and stays done where somebody deletes its answer", async () => {
    const world = await startCommandWorld();
    const { ask, github, replica, startReplica, answers, writesOfApp } = world;
    await ask("/scale pause all");
    const answer = await newestComment(world);
    await github.deleteComment(REPO, answer, { by: "bob" });
    await ask("/scale resume all", "carol");
    const writes = writesOfApp();
    await redeliver(world, replica.url);
    await replica.stop();
    const second = await startReplica();
    await second.idle();
    await redeliver(world, second.url);
    await second.idle();
    expect(writesOfApp()).toBe(writes);
    expect(await answers()).toEqual([expect.stringContaining("is resumed")]);
    expect(await github.readFile(REPO, "controls.json", "pulumiscale")).toContain('"holds": []');
  });

  it("and stays done where somebody puts its answer back to our claim of it", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { say, github, replica, startReplica, answered, settled, issue } = world;
    github.faults.add({
      match: { operation: "issues/update-comment" },
      kind: "status",
      status: 500,
      times: 99,
    });
    await say("/scale pause all");
    await answered(/⏳ On it/);
    await settled();
    const listed = await asPerson(github, "alice")("GET", `/issues/${issue}/comments`);
    const claim =
      z
        .array(z.object({ body: z.string() }))
        .parse(listed)
        .at(-1)?.body ?? "";
    await replica.stop();
    github.faults.clear();
    ahead(2);
    const second = await startReplica();
    await answered(/pause/);
    await second.idle();
    await second.stop();
    const answer = await newestComment(world);
    await say("/scale resume all", "carol");
    const third = await startReplica();
    await answered(/is resumed/);
    await third.idle();
    await third.stop();
    await github.editComment(REPO, answer, { by: "bob", body: claim });
    ahead(20);
    const fourth = await startReplica();
    await fourth.idle();
    expect(await github.readFile(REPO, "controls.json", "pulumiscale")).toContain('"holds": []');
  });

  it("and stays done where its claim is deleted after a process that died, which began before it noted so", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { say, replica, startReplica, answered, answers, github, settled, reactions, stackFile } = world;
    for (const operation of ["reactions/create-for-issue-comment", "createCommitOnBranch"])
      github.faults.add({ match: { operation }, kind: "status", status: 500, times: 99 });
    github.faults.add({
      match: { operation: "issues/update-comment" },
      kind: "status",
      status: 500,
      times: 99,
    });
    const comment = await say("/scale api +2");
    await answered(/⏳ On it/);
    await settled();
    await replica.stop();
    expect(await reactions(comment)).toEqual([]);
    github.faults.clear();
    ahead(2);
    const second = await startReplica();
    await answered(/2 → \*\*4\*\*/);
    await second.idle();
    expect(await reactions(comment)).toEqual([`eyes by ${world.app.botLogin}`]);
    await github.deleteComment(REPO, await newestComment(world), { by: "bob" });
    await redeliver(world, second.url);
    await second.idle();
    expect(await answers()).toEqual([]);
    expect(await stackFile()).toContain("apiCount: 4");
  });

  it("by one of two replicas, where somebody deletes the answer before the other has claimed it", async () => {
    const world = await startCommandWorld();
    const { say, answers, github, settled } = world;
    const second = await world.startReplica();
    // The other has seen neither reaction nor answer, and claims once all is over.
    const over = Promise.withResolvers<void>();
    let claims = 0;
    const stop = github.onRequest(async ({ phase, request }) => {
      if (phase !== "received" || !request.operations.includes("issues/create-comment")) return;
      claims += 1;
      if (claims === 2) await over.promise;
    });
    await say("/scale pause all");
    const late = redeliver(world, second.url);
    await eventually(answers, (all) => all.some((body) => body.includes("⏸️")));
    await eventually(
      async () => claims,
      (count) => count === 2,
    );
    await github.deleteComment(REPO, await newestComment(world), { by: "bob" });
    const before = await github.readFile(REPO, "controls.json", "pulumiscale");
    over.resolve();
    await late;
    await settled();
    await second.idle();
    stop();
    expect(await answers()).toEqual([]);
    expect(await github.readFile(REPO, "controls.json", "pulumiscale")).toBe(before);
  });

  it("by two replicas that are told of it at the same instant", async () => {
    const world = await startCommandWorld();
    const { say, answers, github, stackFile } = world;
    const second = await world.startReplica();
    // Neither sees the other's answer before it has given its own.
    const both = Promise.withResolvers<void>();
    let claims = 0;
    const stop = github.onRequest(async ({ phase, request }) => {
      if (phase !== "received" || !request.operations.includes("issues/create-comment")) return;
      claims += 1;
      if (claims === 2) both.resolve();
      await both.promise;
    });
    await say("/scale api +2\n/scale pause web");
    await redeliver(world, second.url);
    await second.idle();
    stop();
    const [answer, ...more] = await answers();
    expect([claims, more]).toEqual([2, []]);
    expect(answer).toContain("2 → **4**");
    expect(answer).toContain("⏸️ Now this holds: alice has paused web until somebody resumes it.");
    expect(answer).not.toContain("It was so already");
    expect(await stackFile()).toContain("shop:apiCount: 4");
    expect(github.violations).toEqual([]);
  });

  it("with a difference that counts once, where the app died after its commit", async () => {
    const { options, ahead } = movableClock();
    const { say, replica, startReplica, answered, answers, github, settled, stackFile } =
      await startCommandWorld(options);
    github.faults.add({
      match: { operation: "issues/update-comment" },
      kind: "status",
      status: 500,
      times: 99,
    });
    await say("/scale api +2");
    await eventually(stackFile, (text) => text?.includes("apiCount: 4") === true);
    await settled();
    await replica.stop();
    github.faults.clear();
    ahead(2);
    const second = await startReplica();
    await answered(/Committed as/);
    await second.idle();
    expect(await stackFile()).toContain("apiCount: 4");
    expect(await answers()).toHaveLength(1);
  });

  it("and not carried out where it is older than an hour", async () => {
    const { options, ahead } = movableClock();
    const { say, replica, startReplica, answered, stackFile } = await startCommandWorld(options);
    const before = await stackFile();
    await replica.stop();
    await say("/scale api 4");
    ahead(61);
    await startReplica();
    expect(await answered(/🕰️/)).toContain("more than an hour after it was written, so nothing was done");
    expect(await stackFile()).toBe(before);
  });
});
