import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type AppWorld, type AppWorldOptions, openAppWorld } from "./open-app-world.ts";

/** The stand-in GitHub with a published stack and the app; stopped when the test has finished. */
export async function startAppWorld(options: AppWorldOptions = {}): Promise<AppWorld> {
  const world = await openAppWorld(options);
  onTestFinished(() => world.stop());
  return world;
}

/** Waits until a thing is so; fails with what was seen last. */
export async function eventually<T>(
  read: () => Promise<T> | T,
  isSo: (value: T) => boolean,
  withinMs = 15_000,
): Promise<T> {
  const tries = Math.ceil(withinMs / 50);
  let last = await read();
  for (let tried = 0; tried < tries && !isSo(last); tried++) {
    await sleep(50);
    last = await read();
  }
  if (!isSo(last)) throw new Error(`it did not become so; last seen: ${JSON.stringify(last)}`);
  return last;
}
