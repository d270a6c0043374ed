import { expect } from "vitest";
import { startAppWorld } from "./app-world.ts";
import { asPerson } from "./as-person.ts";
import type { AppWorld } from "./open-app-world.ts";
import { STACK_FILE } from "./shop-stack.ts";

export const TIMEOUT = 60_000;
export const REPO = "acme/infra";
export const GATED = "scale-approval/shop.prod/web";
export const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);
export const gate = (approval: string, more = "") => ({
  ".github/pulumiscale.yml": `stacks:\n  shop.prod:\n    approval: ${approval}\n${more}`,
});

/** A world in which `web` waits for approval of 3 → 8 in pull request #1. */
export async function asked(options: { approval?: string; more?: string } = {}): Promise<AppWorld> {
  const world = await startAppWorld({ files: gate(options.approval ?? "{ above: 5 }", options.more) });
  world.github.createUser("bob");
  world.github.addCollaborator(REPO, "bob", "write");
  const { results } = await world.post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval", pullRequest: 1 });
  return world;
}

/** The app has looked after its pull requests: what it was told of is done. */
export async function settled({ github, replica }: AppWorld): Promise<void> {
  await github.webhooksIdle();
  await replica.idle();
}

/** A status on a branch's head: GitHub tells the app, which looks after the stack's pull requests. */
export async function nudge(world: AppWorld, branch = GATED): Promise<void> {
  const oid = await world.github.readRef(REPO, `refs/heads/${branch}`);
  await asPerson(world.github, "alice")("POST", `/statuses/${oid}`, { state: "success", context: "nudge" });
  await settled(world);
}

export const head = ({ github }: AppWorld) => github.readRef(REPO, `refs/heads/${GATED}`);
