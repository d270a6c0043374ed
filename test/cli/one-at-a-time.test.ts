import { expect, it } from "vitest";
import { oneAtATime } from "../../src/cli/local/one-at-a-time.ts";

it("runs once more for all who ask while it runs, and never twice at a time", async () => {
  const gates: (() => void)[] = [];
  let atOnce = 0;
  const ask = oneAtATime(async () => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    await new Promise<void>((resolve) => gates.push(resolve));
    atOnce -= 1;
  });
  const all = [ask(), ask(), ask()];
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await all[0];
  await expect.poll(() => gates.length).toBe(2);
  const late = ask();
  gates[1]?.();
  await all[1];
  await expect.poll(() => gates.length).toBe(3);
  gates[2]?.();
  await Promise.all([...all, late]);
  expect(gates).toHaveLength(3);
});
