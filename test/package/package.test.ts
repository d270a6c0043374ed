import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { repositoryFileJsonSchema } from "../../src/domain/repository-file.ts";
import { planReceiptJsonSchema } from "../../src/kubernetes/apply/plan-receipt.ts";
import { pricesJsonSchema } from "../../src/kubernetes/parse-prices.ts";
import { scalePlanJsonSchema } from "../../src/kubernetes/scale-plan.ts";
import { bundleCli } from "../setup/bundle-cli.ts";
import { type PackedTree, packTree } from "./pack-tree.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MEGABYTE = 1_000_000;

let packed: PackedTree;
beforeAll(async () => {
  packed = await packTree();
}, 120_000);
afterAll(() => packed?.remove());

const readPacked = (file: string) => readFile(path.join(packed.root, file));

describe("the npm package", () => {
  it("holds the bundle, what has to go with it, and nothing else", () => {
    const chunk = /^dist\/[\w-]+-[A-Z0-9]{8}\.js$/;
    expect(packed.files.filter((file) => !chunk.test(file))).toEqual([
      "LICENSE",
      "README.md",
      "dist/THIRD_PARTY_LICENSES.txt",
      "dist/infra-scale.js",
      "dist/infra.scale.js",
      "dist/main.js",
      "dist/plan-receipt.schema.json",
      "dist/prices.schema.json",
      "dist/pulumiscale.js",
      "dist/repository-file.schema.json",
      "dist/scale-plan.schema.json",
      "package.json",
    ]);
    expect(packed.files.filter((file) => chunk.test(file)).length).toBeGreaterThan(5);
  });

  it("is small: npx fetches it before anything happens", () => {
    expect(packed.tarballBytes).toBeLessThan(2 * MEGABYTE);
    expect(packed.unpackedBytes).toBeLessThan(6 * MEGABYTE);
  });

  it("needs no other package", () => {
    const manifest = JSON.parse(readFileSync(path.join(packed.root, "package.json"), "utf8"));
    const named = ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"];
    expect(named.filter((field) => field in manifest)).toEqual([]);
  });

  it("runs no script where it is installed", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(packed.root, "package.json"), "utf8"));
    expect(Object.keys(scripts)).not.toEqual(expect.arrayContaining([expect.stringMatching(/install$/)]));
  });

  it("has the licence text of a package that is bundled", async () => {
    const licenses = (await readPacked("dist/THIRD_PARTY_LICENSES.txt")).toString();
    for (const name of ["@pulumi/pulumi", "@grpc/grpc-js", "hono", "yaml", "zod", "probot", "@npmcli/agent"])
      expect(licenses).toContain(`\n${name}@`);
    expect(licenses).toContain(readFileSync(path.join(ROOT, "node_modules/zod/LICENSE"), "utf8").trim());
  });

  it("has the JSON Schema of the repository file", async () => {
    const schema = JSON.parse((await readPacked("dist/repository-file.schema.json")).toString());
    expect(schema).toEqual(JSON.parse(JSON.stringify(repositoryFileJsonSchema())));
  });

  it("has the JSON Schema of a plan", async () => {
    const schema = JSON.parse((await readPacked("dist/scale-plan.schema.json")).toString());
    expect(schema).toEqual(JSON.parse(JSON.stringify(scalePlanJsonSchema())));
  });

  it("has the JSON Schema of a plan's receipt", async () => {
    const schema = JSON.parse((await readPacked("dist/plan-receipt.schema.json")).toString());
    expect(schema).toEqual(JSON.parse(JSON.stringify(planReceiptJsonSchema())));
  });

  it("has the JSON Schema of a price table", async () => {
    const schema = JSON.parse((await readPacked("dist/prices.schema.json")).toString());
    expect(schema).toEqual(JSON.parse(JSON.stringify(pricesJsonSchema())));
  });

  it("names no folder of the machine that made it", async () => {
    const folders = [ROOT.slice(0, -1), path.dirname(packed.root), path.dirname(process.execPath)];
    for (const file of packed.files) {
      const contents = await readPacked(file);
      expect([file, folders.filter((folder) => contents.includes(folder))]).toEqual([file, []]);
    }
  });

  it("has the same bytes wherever it is made", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "elsewhere-"));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const elsewhere = path.join(home, "a", "deeper", "tree");
    await cp(packed.root, elsewhere, { recursive: true, verbatimSymlinks: true });
    const again = await bundleCli(elsewhere);
    expect([...again.keys()].map((name) => `dist/${name}`).sort()).toEqual(
      packed.files.filter((file) => file.startsWith("dist/")),
    );
    for (const [name, contents] of again) {
      expect([name, (await readPacked(`dist/${name}`)).equals(Buffer.from(contents))]).toEqual([name, true]);
    }
  }, 60_000);
});
