import { afterAll, beforeAll, expect, test } from "vitest";
import { scaleToEnd } from "./support/ask-serve.ts";
import { type Monorepo, openMonorepo } from "./support/open-monorepo.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

let monorepo: Monorepo;
let serves: Serve[];
beforeAll(async () => {
  monorepo = await openMonorepo([
    { folder: "network", stack: "dev" },
    { folder: "network", stack: "prod" },
    { folder: "edge", stack: "prod" },
  ]);
  serves = await Promise.all(
    monorepo.programs.map((program) => startServe(program, ["--stack", program.stack])),
  );
}, 180_000);
afterAll(async () => {
  await Promise.all((serves ?? []).map((serve) => serve.stop()));
  await monorepo?.remove();
});

const scaleAt = (index: number, pool: string, value: number) => {
  const serve = serves[index];
  if (serve === undefined) throw new Error(`there is no serve ${index}`);
  return scaleToEnd(serve, `/scale/${pool}`, { value });
};

test("three servers in one work tree commit one after the other, each its own stack's file", async () => {
  for (const value of [4, 5, 6]) {
    const ends = await Promise.all([
      scaleAt(0, "gateways", value),
      scaleAt(1, "gateways", value + 1),
      scaleAt(2, "caches", value + 2),
    ]);
    for (const end of ends)
      expect(end).toMatchObject({ result: { kind: "scale" }, operation: { status: "applied" } });
  }
  const [program] = monorepo.programs;
  const subjects = await program?.git("log", "--format=%s", "-9");
  expect(subjects?.trim().split("\n").sort()).toEqual(
    [
      ...["1 → 4", "4 → 5", "5 → 6"].map((move) => `scale(network.dev): gateways ${move}`),
      ...["3 → 5", "5 → 6", "6 → 7"].map((move) => `scale(network.prod): gateways ${move}`),
      ...["4 → 6", "6 → 7", "7 → 8"].map((move) => `scale(edge.prod): caches ${move}`),
    ].sort(),
  );
  expect(await program?.git("status", "--porcelain")).toBe("");
}, 120_000);

test("a credential opens its own stack, and none of the same name", async () => {
  const secret = monorepo.programs[0]?.secret ?? "";
  const headers = { authorization: `Bearer ${secret}` };
  expect((await serves[0]?.request("GET", "/pools", undefined, headers))?.status).toBe(200);
  expect((await serves[1]?.request("GET", "/pools", undefined, headers))?.status).toBe(401);
});
