import { expect } from "vitest";
import type { Protection } from "../github/repository/protection.ts";
import { eventually, startAppWorld } from "./app-world.ts";
import { asPerson } from "./as-person.ts";
import type { AppWorld } from "./open-app-world.ts";
import { readNotes } from "./read-notes.ts";
import { STACK_FILE } from "./shop-stack.ts";

export const REPO = "acme/infra";
export const BRANCH = "scale/shop.prod";
export const CI = { context: "ci", appId: null };
export const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);

type Way = "auto-merge" | "no-auto-merge";

/** A strict repository in which an in-range change of `web` from 3 to 5 has been asked for. */
export async function asked(
  protection: Partial<Protection> | ((appId: number) => Partial<Protection>),
  way: Way = "no-auto-merge",
  files: Record<string, string> = {},
): Promise<AppWorld> {
  const world = await startAppWorld({ files });
  const { github, app } = world;
  github.createUser("bob");
  github.addCollaborator(REPO, "bob", "write");
  github.changeSettings(REPO, { allow_auto_merge: way === "auto-merge" });
  github.protect(REPO, "main", typeof protection === "function" ? protection(app.appId) : protection);
  const { status, results } = await world.post("/scale/web", { value: 5 });
  expect([status, results[0]?.delivery]).toEqual([200, "pull-request"]);
  await settled(world);
  return world;
}

/** The app has done what it was told of, and what GitHub tells of that. */
export async function settled({ github, replica }: AppWorld): Promise<void> {
  await github.webhooksIdle();
  await replica.idle();
  await github.webhooksIdle();
}

/** A status on the head of a branch: that CI has passed unless another is given. */
export async function pass(world: AppWorld, branch = BRANCH, state = "success"): Promise<void> {
  const oid = await world.github.readRef(REPO, `refs/heads/${branch}`);
  await asPerson(world.github, "alice")("POST", `/statuses/${oid}`, { state, context: "ci" });
  await settled(world);
}

/** What the app has said on the first pull request. */
export const notes = (world: AppWorld) => readNotes(world.github, 1);
/** Waits until the stack file has that value of `web`. */
export const isScaled = (world: AppWorld, web = 5) =>
  eventually(world.stackFile, (text) => text === scaled(web));
