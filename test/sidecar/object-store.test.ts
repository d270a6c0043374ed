import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { readOwnContract } from "../../src/apply/read-contract.ts";
import { isConcurrentUpdate, readOutputs, updateTargets } from "../../src/apply/targeted-update.ts";
import { requireProgram } from "../setup/require-program.ts";
import { openProgram } from "./support/open-program.ts";
import { writeStackValues } from "./support/pool-values.ts";
import type { Program } from "./support/program.ts";
import { type ObjectStore, startObjectStore } from "./support/start-object-store.ts";

type World = { store: ObjectStore; program: Program };

const folder = mkdtempSync(join(tmpdir(), "object-store-"));
let world: Promise<World> | undefined;

async function openWorld(versitygw: string): Promise<World> {
  const store = await startObjectStore(versitygw, folder);
  const backend = await store.makeBucket("infra");
  return { store, program: await openProgram({ program: "yaml-pace", backend }) };
}

afterAll(async () => {
  const opened = await world?.catch(() => undefined);
  await opened?.program.remove();
  await opened?.store.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The objects of the bucket below `.pulumi/<area>`, by their names. */
function objectsIn({ store }: World, area: "locks" | "history" | "stacks"): string[] {
  const at = join(store.bucketFolder("infra"), ".pulumi", area);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

function update({ program }: World, group: string, message = "") {
  const request = {
    stack: program.stack,
    targets: [`urn:pulumi:${program.stack}::${program.project}::pace:index:Group::${group}`],
    targetDependents: false,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    configFile: undefined,
    message,
  };
  return updateTargets(request, { workDir: program.workDir, environment: program.environment });
}

const History = z.array(z.object({ kind: z.string(), result: z.string(), message: z.string() }));

test("a stack stands in a bucket, and a targeted update and its message stand in its history there", async ({
  skip,
}) => {
  world ??= openWorld(requireProgram("versitygw", skip));
  const { program } = await world;
  expect(objectsIn(await world, "stacks")).toContain("dev.json");
  const { contract } = await readOwnContract("dev", program);
  await writeStackValues(program, contract, { steady: 4, slow: 9 });
  const { exitCode, report } = await update(await world, "steady", "scale(pace.dev): steady 1 → 4");
  expect(exitCode).toBe(0);
  expect(report.done.filter(({ urn, op }) => op === "update" && urn.includes("pace:index:Group"))).toEqual([
    { op: "update", urn: expect.stringMatching(/::steady$/) },
  ]);
  expect(await program.readBackend("steady")).toBe(4);
  expect(await program.readBackend("slow")).toBe(2);
  const history = History.parse(JSON.parse(await program.pulumi("stack", "history", "--json")));
  expect(history).toMatchObject([
    { kind: "update", result: "succeeded", message: "scale(pace.dev): steady 1 → 4" },
    { kind: "update", result: "succeeded" },
  ]);
  expect(objectsIn(await world, "history").filter((name) => name.endsWith(".history.json"))).toHaveLength(2);
  expect(objectsIn(await world, "locks")).toEqual([]);
}, 60_000);

test("of two updates at once one holds the lock in the bucket, and the other is told whose it is", async ({
  skip,
}) => {
  world ??= openWorld(requireProgram("versitygw", skip));
  const { program } = await world;
  const hold = join(program.directory, "slow.hold");
  writeFileSync(hold, "");
  const { contract } = await readOwnContract("dev", program);
  await writeStackValues(program, contract, { slow: 12 });
  const first = update(await world, "slow");
  await expect.poll(() => existsSync(join(program.directory, "slow.begun")), { timeout: 20_000 }).toBe(true);
  expect(objectsIn(await world, "locks")).toHaveLength(1);

  const refusal = await update(await world, "steady").catch((error: unknown) => error);
  expect(await isConcurrentUpdate(refusal)).toBe(true);
  expect(String(refusal)).toMatch(/the stack is currently locked by 1 lock\(s\)[\s\S]*\(pid \d+\)/);
  expect(objectsIn(await world, "locks")).toHaveLength(1);

  rmSync(hold);
  expect((await first).exitCode).toBe(0);
  expect(await program.readBackend("slow")).toBe(12);
  expect(objectsIn(await world, "locks")).toEqual([]);
  expect((await update(await world, "steady")).exitCode).toBe(0);
}, 60_000);

test("a caller with another key is refused", async ({ skip }) => {
  world ??= openWorld(requireProgram("versitygw", skip));
  const { program } = await world;
  const environment = { ...program.environment, AWS_SECRET_ACCESS_KEY: "another key" };
  await expect(readOutputs("dev", { workDir: program.workDir, environment })).rejects.toThrow(
    /SignatureDoesNotMatch/,
  );
}, 30_000);
