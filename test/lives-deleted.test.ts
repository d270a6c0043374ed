import { expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { inRangePull, REPO, scaled, startPullStates } from "./support/pull-state-world.ts";
import { readNotes } from "./support/read-notes.ts";

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

it("a repository that is deleted is served no more, and the app goes on", { timeout: TIMEOUT }, async () => {
  const { github, post, replica, settled } = await startPullStates();
  expect((await post("/scale/web", { value: 4 })).status).toBe(200);
  await settled();
  await github.deleteRepository(REPO, "alice");
  await settled();
  expect((await post("/scale/web", { value: 5 })).status).not.toBe(200);
  expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
});
