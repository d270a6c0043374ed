import { expect, test } from "vitest";
import { sharedRead } from "../../src/apply/shared-read.ts";

test("who asks within its life shares a read; who asks later has one of its own", async () => {
  const clock = { nowMs: 0 };
  let reads = 0;
  const read = sharedRead(
    async () => ++reads,
    () => clock.nowMs,
    1_000,
  );
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  clock.nowMs = 999;
  expect(await read()).toBe(1);
  clock.nowMs = 1_000;
  expect(await read()).toBe(2);
});

test("a read that fails is told to all who wait for it, and not kept", async () => {
  const answers = [Promise.reject(new Error("no backend")), Promise.resolve("there")];
  const read = sharedRead(
    async () => answers.shift(),
    () => 0,
    1_000,
  );
  const both = await Promise.allSettled([read(), read()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await read()).toBe("there");
});
