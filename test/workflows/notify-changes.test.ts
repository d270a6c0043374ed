import { expect, it } from "vitest";
import { Background } from "../../src/workflows/background.ts";
import { Notifications } from "../../src/workflows/notify-changes.ts";
import { notification } from "../support/notification.ts";

const START = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;

const never = (_: unknown, error: unknown) => {
  throw error;
};

/** What is told of something that became so ten minutes after the start, in a repository that is listed for the first time then. */
function toldOf(listedAfterMinutes: number): number {
  let told = 0;
  const notifications = new Notifications({
    outbox: { lacks: () => [], post: () => (told += 1) },
    stacks: { served: () => [] },
    clock: (() => {
      const times = [START];
      return () => times.shift() ?? START + listedAfterMinutes * MINUTE;
    })(),
    background: new Background(never),
    serverUrl: "https://github.com",
    everyMs: 0,
    onLacking: never,
    onError: never,
  });
  const name = { owner: "acme", repo: "platform" };
  notifications.listed({ ...name, notifications: { audit: { type: "webhook" } } });
  notifications.take(name, "shop.prod", [notification({ atMs: START + 10 * MINUTE })]);
  notifications.stop();
  return told;
}

it("a repository that is listed soon after the start has told what is since then", () => {
  expect(toldOf(1)).toBe(1);
});

it("a repository that is new, or has a new name, has nothing told that was so before", () => {
  expect(toldOf(60)).toBe(0);
});
