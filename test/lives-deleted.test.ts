import { expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import {
  GATED,
  gatedPull,
  IN_RANGE,
  inRangePull,
  REPO,
  scaled,
  startPullStates,
} from "./support/pull-state-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { PLACE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;

it("a stack that is deleted from the ledger is served no more, and what was open of it is closed", {
  timeout: TIMEOUT,
}, async () => {
  const { github, post, pull, settled, stackFile } = await inRangePull();
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "the stack is gone",
    login: "alice",
    files: { "stacks/shop.prod.json": null },
  });
  await settled();
  await eventually(
    () => pull(1),
    ({ state }) => state === "closed",
  );
  expect((await readNotes(github, 1)).join("\n")).toContain("No stack is called `shop.prod` in the ledger");
  expect((await post("/scale/web", { value: 5 })).status).toBe(401);
  expect(await stackFile()).toBe(scaled(3));
});

it("what somebody has pushed to the branch of a deleted stack stays theirs", {
  timeout: TIMEOUT,
}, async () => {
  const { github, pull, push, settled } = await inRangePull();
  await push("scale/shop.prod", { "Pulumi.prod.yaml": scaled(9) });
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "the stack is gone",
    login: "alice",
    files: { "stacks/shop.prod.json": null },
  });
  await settled();
  expect((await pull(1)).state).toBe("open");
});

it.each([
  ["in range", inRangePull, IN_RANGE, 4],
  ["gated", gatedPull, GATED, 8],
] as const)(
  "a stack whose file is gone takes no demand, and what was open of it is closed (%s)",
  { timeout: TIMEOUT },
  async (_, open, branch, value) => {
    const { github, nudge, post, pull, push, settled, stackFile, unblock } = await open();
    unblock();
    await github.commit(REPO, { files: { [PLACE.path]: null }, message: "no stack", login: "alice" });
    await settled();
    await nudge(branch);
    expect(await pull(1)).toMatchObject({ state: "closed", merged_at: null });
    expect((await readNotes(github, 1)).at(-1)).toContain("`Pulumi.prod.yaml` is not on the base branch any");
    expect(await github.listBranches(REPO)).not.toContain(branch);
    const refused = await post("/scale/web", { value });
    expect(refused.results[0]).toMatchObject({
      kind: "refuse",
      reasons: [{ code: "stack-file", message: "Pulumi.prod.yaml is not on the base branch" }],
    });
    expect(await stackFile()).toBeNull();
    await push("main", { [PLACE.path]: scaled(3) });
    await settled();
    expect((await post("/scale/web", { value })).results[0]).toMatchObject({ kind: "scale", to: value });
  },
);

it("what somebody has pushed to stays theirs where the stack's file is gone", {
  timeout: TIMEOUT,
}, async () => {
  const { github, nudge, pull, push, settled, unblock } = await inRangePull();
  await push(IN_RANGE, { [PLACE.path]: scaled(9) });
  unblock();
  await github.commit(REPO, { files: { [PLACE.path]: null }, message: "no stack", login: "alice" });
  await settled();
  await nudge(IN_RANGE);
  expect((await pull(1)).state).toBe("open");
});

it("a repository that is deleted is served no more, and the app goes on", { timeout: TIMEOUT }, async () => {
  const { github, post, replica, settled } = await startPullStates();
  expect((await post("/scale/web", { value: 4 })).status).toBe(200);
  await settled();
  await github.deleteRepository(REPO, "alice");
  await settled();
  expect((await post("/scale/web", { value: 5 })).status).not.toBe(200);
  expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
});
