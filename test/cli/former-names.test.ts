import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readFormerNames } from "../../src/cli/local/stack-names.ts";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

let root: string;
let ledger: LocalLedger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pulumiscale-names-"));
  ledger = new LocalLedger(join(root, "state"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const SETTINGS = "stacks:\n  store: { dir: apps/shop, stack: prod, formerAliases: [old] }\n";
const PLACE = {
  alias: "store",
  project: "shop",
  stack: "prod",
  dir: "apps/shop",
  stackFilePath: "apps/shop/Pulumi.prod.yaml",
};

async function read(entry: { project?: string; stack?: string; dir: string }, place = PLACE) {
  await ledger.write("old", JSON.stringify(ledgerEntry(entry)), null);
  return readFormerNames({ kind: "text", text: SETTINGS }, ledger, { ...place, root });
}

async function readOwn(entry: { project?: string; dir: string; formerPaths?: string[] }) {
  await ledger.write("store", JSON.stringify(ledgerEntry(entry)), null);
  return readFormerNames({ kind: "text", text: SETTINGS }, ledger, { ...PLACE, root });
}

async function touch(path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), "config: {}\n");
}

it("a former name leads to the path at which the stack's file stood, and is gone", async () => {
  await touch(PLACE.stackFilePath);
  expect(await read({ dir: "shop", stack: "live" })).toEqual({
    formerAliases: ["old"],
    formerPaths: ["shop/Pulumi.live.yaml"],
  });
});

it("a former name that another stack has, whose file is there, leads nowhere", async () => {
  await touch("shop/Pulumi.live.yaml");
  expect(await read({ dir: "shop", stack: "live" })).toEqual({ formerAliases: [], formerPaths: [] });
});

it.each([
  ["of the same file, for its program alone has moved", "shop", ["old"]],
  ["of another program with the same file leads nowhere", "other", []],
])("a former name %s", async (_, project, formerAliases) => {
  const place = { ...PLACE, stackFilePath: "config/Pulumi.prod.yaml" };
  await touch(place.stackFilePath);
  expect(await read({ dir: "shop", project }, place)).toEqual({ formerAliases, formerPaths: [] });
});

it("a stack that is called as before leads to where its file stood, and stood before that", async () => {
  await touch(PLACE.stackFilePath);
  await touch("late/Pulumi.prod.yml");
  const formerPaths = ["late/Pulumi.prod.yaml", "early/Pulumi.prod.yaml", PLACE.stackFilePath];
  expect(await readOwn({ dir: "shop", formerPaths })).toEqual({
    formerAliases: ["old"],
    formerPaths: ["shop/Pulumi.prod.yaml", "early/Pulumi.prod.yaml"],
  });
});

it.each([
  ["whose file is there", "shop"],
  ["of another project", "other"],
])("what is noted under the name and is of a stack %s leads nowhere", async (_, project) => {
  if (project === "shop") await touch("shop/Pulumi.prod.yaml");
  const noted = { project, dir: "shop", formerPaths: ["early/Pulumi.prod.yaml"] };
  expect((await readOwn(noted)).formerPaths).toEqual([]);
});

it("what is noted under the name and cannot be read leads nowhere", async () => {
  await ledger.write("store", "{", null);
  const former = await readFormerNames({ kind: "text", text: SETTINGS }, ledger, { ...PLACE, root });
  expect(former).toEqual({ formerAliases: ["old"], formerPaths: [] });
});
