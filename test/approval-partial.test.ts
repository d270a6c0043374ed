import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { GATED, gate, REPO, scaled, settled, TIMEOUT } from "./support/approval-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock } from "./support/command-world.ts";

describe("a partial move", () => {
  const partial = "{ above: 5, partial: true }";

  it.each(["pull-request", "direct"])(
    "goes to the threshold now and asks for the rest (%s)",
    {
      timeout: TIMEOUT,
    },
    async (delivery) => {
      const world = await startAppWorld({ files: gate(partial, `    delivery: ${delivery}\n`) });
      const { github, post, stackFile } = world;
      github.createUser("bob");
      github.addCollaborator(REPO, "bob", "write");
      const { results } = await post("/scale/web", { value: 8 });
      expect(results[0]).toMatchObject({ kind: "scale", from: 3, to: 5, requested: 8, delivery });
      await eventually(stackFile, (text) => text === scaled(5));
      const gated = async () => (await github.readLog(REPO, GATED).catch(() => []))[0]?.message ?? "";
      await eventually(gated, (message) => message.startsWith("scale(shop.prod): web 5 → 8"));
      const pull = delivery === "direct" ? 1 : 2;
      await settled(world);
      const again = await post("/scale/web", { value: 8 });
      expect(again.results[0]).toMatchObject({ kind: "hold" });
      await github.review(REPO, pull, { login: "bob", state: "APPROVED" });
      await eventually(stackFile, (text) => text === scaled(8));
      expect(github.violations).toEqual([]);
    },
  );

  it("does not wait with its first part for what hinders the rest", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({ files: gate(partial) });
    const { github, post, stackFile } = world;
    const operation = "createCommitOnBranch";
    github.faults.add({ match: { operation }, kind: "status", status: 403, skip: 1, times: 1000 });
    await post("/scale/web", { value: 8 });
    await eventually(stackFile, (text) => text === scaled(5));
    github.faults.clear();
    await settled(world);
    // The next request, for whatever pool, looks whether something was left undone.
    await post("/scale/api", { value: 2 });
    await eventually(
      () => github.listBranches(REPO),
      (names) => names.includes(GATED),
    );
  });

  it("has been asked for by whoever has worded its first part, whatever that says", {
    timeout: TIMEOUT,
  }, async () => {
    const { options, ahead } = movableClock();
    const world = await startAppWorld({ ...options, files: gate(partial) });
    const { github, post, stackFile } = world;
    const pull = await github.openPull(REPO, {
      ...{ login: "alice", branch: "mine", title: "Five", files: { "Pulumi.prod.yaml": scaled(5) } },
    });
    const trailers = [
      "Pulumiscale-Stack: shop.prod",
      "Pulumiscale-Scale: web 3 -> 5 requested=9 reason=over-threshold source=prometheus event=0123456789abcdef",
      "Pulumiscale-Requested-By: prometheus",
    ];
    await asPerson(github, "alice")("PUT", `/pulls/${pull.number}/merge`, {
      merge_method: "squash",
      commit_message: trailers.join("\n"),
    });
    await settled(world);
    // A demand that is held is looked at without being read anew, and finds the rest.
    for (let round = 0; round < 2; round++) {
      ahead(1);
      await post("/scale/web", { value: 8 });
      await settled(world);
    }
    const [rest] = await github.readLog(REPO, GATED);
    expect(rest?.message).toContain("Pulumiscale-Requested-By: alice, prometheus");
    await github.review(REPO, 2, { login: "alice", state: "APPROVED" });
    await settled(world);
    expect(await stackFile()).toBe(scaled(5));
  });

  it("does not ask again for a rest that a person has rejected", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({ files: gate(partial) });
    const { github, post, stackFile } = world;
    await post("/scale/web", { value: 8 });
    await eventually(stackFile, (text) => text === scaled(5));
    await settled(world);
    const alice = asPerson(github, "alice");
    await alice("PATCH", "/pulls/2", { state: "closed" });
    await alice("DELETE", `/git/refs/heads/${GATED}`);
    // The next request, for whatever pool, looks whether something was left undone.
    await post("/scale/api", { value: 2 });
    await settled(world);
    const open = z.array(z.object({ number: z.int() }));
    expect(open.parse(await alice("GET", "/pulls?state=open"))).toEqual([]);
  });
});
