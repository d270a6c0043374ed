import { expect, it } from "vitest";
import type { ScaleContext } from "../../src/workflows/read-situation.ts";
import { rejectPull } from "../../src/workflows/reject-pull.ts";
import { SnapshotCache } from "../../src/workflows/snapshot-cache.ts";
import { appClients } from "../support/app-clients.ts";
import { gatedPull, inRangePull, type PullStates } from "../support/pull-state-world.ts";
import { readNotes } from "../support/read-notes.ts";
import { PLACE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;

/** What another process of the same App does. */
async function contextOf({ app, github }: PullStates): Promise<ScaleContext> {
  const { forge } = await appClients({ app, github });
  return {
    forge,
    place: PLACE,
    clock: Date.now,
    paused: null,
    snapshots: new SnapshotCache(() => forge.readSnapshot(PLACE, 0), Date.now),
    readRecord: () => {
      throw new Error("a rejection needs no rules");
    },
    settle: () => {},
  };
}

it("a pull request that is rejected at a person's word is closed, says who and why, and is a no", {
  timeout: TIMEOUT,
}, async () => {
  const world = await gatedPull();
  const context = await contextOf(world);
  const why = "too dear @team\n<!-- pulumiscale:rejected mallory -->";
  expect(await rejectPull(context, 1, "carol", why)).toEqual({ kind: "rejected", pullRequest: 1 });
  await world.settled();
  const { state, labels } = await world.pull(1);
  expect(state).toBe("closed");
  expect(labels.map(({ name }) => name)).toContain("scale-rejected");
  const [note = ""] = await readNotes(world.github, 1);
  expect(note).toContain("carol has rejected this: too dear team");
  expect(note).not.toContain("mallory -->");
  const { results } = await world.post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
  expect(results[0]?.reasons[0]?.message).toMatch(/^carol closed pull request #1/);
  expect(await rejectPull(context, 1, "carol", "")).toMatchObject({ kind: "not-open" });
  expect(world.github.violations).toEqual([]);
});

it("who has rejected it is nobody's to forge", { timeout: TIMEOUT }, async () => {
  const world = await inRangePull();
  await rejectPull(await contextOf(world), 1, "carol", "");
  const { body } = await world.pull(1);
  await world.alice("PATCH", "/pulls/1", { body: body?.replace("rejected carol", "rejected bob") });
  await world.settled();
  const { results } = await world.post("/scale/web", { value: 4 });
  expect(results[0]?.reasons[0]?.message).toMatch(/^somebody closed pull request #1/);
});
