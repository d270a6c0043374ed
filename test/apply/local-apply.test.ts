import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { publishStack } from "../../src/apply/publish-stack.ts";
import { readUpdates } from "../../src/apply/update-history.ts";
import { type LocalStack, makeLocalStack } from "./support/local-stack.ts";

// The same apply as the Action's, on a git work tree and a ledger file, with the real engine. One story: each test goes on
// where the one before it stopped.

const FILE = "infra/Pulumi.dev.yaml";
const PROGRAM = "infra/Pulumi.yaml";

let local: LocalStack;

beforeAll(async () => {
  local = await makeLocalStack("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
  await local.stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
}, 60_000);
afterEach(() => {
  local.said.length = 0;
});
afterAll(() => local.stack.remove());

async function count(name: string): Promise<unknown> {
  return (await local.stack.inputsOf(name))?.input;
}

async function newestUpdate() {
  const { stack } = local;
  const [update] = await readUpdates("dev", stack, 1);
  return update;
}

describe("apply on a local work tree", { timeout: 30_000 }, () => {
  it("takes over a stack that was always run by hand", async () => {
    expect(await local.adopt()).toMatchObject({ kind: "adopted", because: "no-entry" });
    expect(await local.pulumiProcesses()).toEqual(["stack history", "stack output"]);
    expect(await local.gitProcesses()).toEqual(["cat-file", "cat-file"]);
    expect(await local.entry()).toMatchObject({
      project: "shop",
      stack: "dev",
      dir: "infra",
      applied: { web: 3, queue: 5, idle: 1 },
      deployed: await local.git("rev-parse", "HEAD"),
      receipt: null,
      tokenHashes: [],
      attestation: null,
    });
    expect(await local.adopt()).toMatchObject({ kind: "kept", entry: { project: "shop" } });
    expect(await local.pulumiProcesses()).toEqual(["stack history"]);
  });

  it("starts nothing but one read of git where nothing is pending", async () => {
    const entry = await readFile(local.ledger.pathOf(local.alias), "utf8");
    await local.gitProcesses();
    expect(await local.apply()).toEqual({ kind: "nothing" });
    expect(await local.pulumiProcesses()).toEqual([]);
    expect(await local.gitProcesses()).toEqual(["cat-file"]);
    expect(await readFile(local.ledger.pathOf(local.alias), "utf8")).toBe(entry);
  });

  it("applies a scale commit, and says so in the ledger and in Pulumi's history", async () => {
    const oid = await local.scale("web", "shop:webCount", 3, 4);
    expect(await local.operation(oid)).toEqual({ kind: "waiting" });
    await local.pulumiProcesses();
    await local.gitProcesses();
    expect(await local.apply()).toMatchObject({
      kind: "done",
      problems: [],
      receipt: {
        commit: oid,
        covers: [oid],
        outcome: "applied",
        pools: [{ pool: "web", outcome: "applied", from: 3, to: 4, message: "" }],
      },
    });
    expect(await local.pulumiProcesses()).toEqual(["stack output", "up"]);
    expect(await local.gitProcesses()).toEqual(["cat-file", "rev-list", "cat-file"]);
    expect(await count("web")).toBe(4);
    expect((await local.entry()).applied).toEqual({ web: 4, queue: 5, idle: 1 });
    const update = await newestUpdate();
    expect(update).toMatchObject({ result: "succeeded", isTargeted: true });
    expect(update?.message.split("\n")).toEqual([
      "scale(shop.dev): web 3 → 4",
      "",
      "Pulumiscale-Stack: shop.dev",
      "Pulumiscale-Pools: web",
      "Pulumiscale-Requested-By: test",
      expect.stringMatching(
        /^Pulumiscale-Scale: web 3 -> 4 requested=4 reason=requested source=count event=[0-9a-f]{16}$/,
      ),
      `Pulumiscale-Commit: ${oid}`,
    ]);
    expect(await local.git("status", "--porcelain")).toBe("");
  });

  it("tells what became of a commit from its receipt, and of an older one from Pulumi's history", async () => {
    const older = await local.git("rev-parse", "HEAD");
    await local.pulumiProcesses();
    expect(await local.operation(older)).toMatchObject({
      kind: "done",
      pools: [{ pool: "web", outcome: "applied", from: 3, to: 4 }],
    });
    expect(await local.pulumiProcesses()).toEqual([]);
    const newer = await local.scale("web", "shop:webCount", 4, 5);
    await local.apply();
    await local.pulumiProcesses();
    expect(await local.operation(newer)).toMatchObject({ kind: "done", pools: [{ from: 4, to: 5 }] });
    expect(await local.operation(older)).toMatchObject({ kind: "done", pools: [{ from: 3, to: 4 }] });
    expect(await local.pulumiProcesses()).toEqual(["stack history"]);
  });

  it("applies all commits since the last apply at once, and names each in the update", async () => {
    const first = await local.scale("web", "shop:webCount", 5, 6);
    const second = await local.scale("queue", "shop:queueCount", 5, 50);
    const third = await local.scale("web", "shop:webCount", 6, 7);
    expect(await local.apply()).toMatchObject({ receipt: { covers: [third, second, first] } });
    expect([await count("web"), await count("queue")]).toEqual([7, 50]);
    const message = (await newestUpdate())?.message ?? "";
    expect(message).toMatch(/^scale\(shop\.dev\): 2 pools\n/);
    expect(message).toContain("Pulumiscale-Scale: web 5 -> 7 ");
    expect(message).toContain("Pulumiscale-Scale: queue 5 -> 50 ");
    for (const oid of [first, second, third]) expect(message).toContain(`Pulumiscale-Commit: ${oid}`);
    expect(await local.operation(first)).toMatchObject({ kind: "done", pools: [{ pool: "web", to: 7 }] });
  });

  it("carries nothing along that stands uncommitted in the stack file, and leaves it there", async () => {
    const oid = await local.scale("web", "shop:webCount", 7, 8);
    const edited = `${(await local.stackFile()).replace("webCount: 8", "webCount: 9")}  shop:otherText: two\n`;
    await writeFile(local.stack.stackFile, edited);
    expect(await local.apply()).toMatchObject({ receipt: { outcome: "applied", covers: [oid] } });
    expect(await count("web")).toBe(8);
    expect((await newestUpdate())?.config.get("shop:otherText")).toBe("one");
    expect(await local.stackFile()).toBe(edited);
    await local.git("checkout", "--", FILE);
  });

  it("previews first where the program differs from its commit", async () => {
    const program = await readFile(join(local.root, PROGRAM), "utf8");
    await writeFile(join(local.root, PROGRAM), `${program}\n# a thought\n`);
    await local.scale("web", "shop:webCount", 8, 7);
    await local.pulumiProcesses();
    expect(await local.apply()).toMatchObject({ receipt: { outcome: "applied" } });
    expect(await local.pulumiProcesses()).toEqual(["stack output", "preview", "up"]);
    expect(local.said).toContainEqual(expect.stringContaining(PROGRAM));
    await local.git("checkout", "--", PROGRAM);
  });

  it("applies nothing that an undeployed program would create on the way", async () => {
    const before = await readFile(join(local.root, PROGRAM), "utf8");
    const program = before
      .replace("{webCount}\n", "{webCount}-$" + "{extra.output}\n")
      .replace(
        "resources:\n",
        "resources:\n  extra:\n    type: pulumi:index:Stash\n    properties:\n      input: x\n",
      );
    await local.commit({ [PROGRAM]: program });
    const oid = await local.scale("web", "shop:webCount", 7, 6);
    await local.pulumiProcesses();
    const result = await local.apply();
    expect(await local.pulumiProcesses()).toEqual(["stack output", "preview"]);
    expect(result).toMatchObject({ receipt: { outcome: "failed", pools: [{ pool: "web", to: 6 }] } });
    expect(await count("web")).toBe(7);
    expect(await local.operation(oid)).toMatchObject({
      kind: "done",
      pools: [{ pool: "web", from: 7, to: 6 }],
    });
    await local.commit({ [PROGRAM]: before });
    expect(await local.apply()).toMatchObject({ receipt: { outcome: "applied", covers: [] } });
    expect((await newestUpdate())?.message).toContain(`Pulumiscale-Commit: ${oid}`);
    expect(await local.operation(oid)).toMatchObject({
      kind: "done",
      pools: [{ outcome: "applied", to: 6 }],
    });
  });

  it("converges where the ledger's file was lost", async () => {
    await rm(local.ledger.pathOf(local.alias));
    const oid = await local.scale("queue", "shop:queueCount", 50, 60);
    await local.pulumiProcesses();
    expect(await local.adopt()).toMatchObject({ kind: "adopted", because: "no-entry" });
    // What our updates brought is known; what somebody committed by hand since is applied anyhow.
    expect((await local.entry()).applied).toEqual({ web: 7, queue: 50, idle: 1 });
    expect(await local.apply()).toMatchObject({
      receipt: { outcome: "applied", pools: [{ pool: "queue" }, { pool: "web" }] },
    });
    expect((await local.entry()).applied).toEqual({ web: 6, queue: 60, idle: 1 });
    expect(await local.pulumiProcesses()).toEqual([
      "stack history",
      "stack output",
      "stack output",
      "up",
      "preview",
    ]);
    expect(await local.operation(oid)).toMatchObject({ kind: "done", pools: [{ to: 60 }] });
  });

  it("says that a commit is superseded where its value has moved on before it was tried", async () => {
    const oid = await local.scale("queue", "shop:queueCount", 60, 70);
    await local.scale("queue", "shop:queueCount", 70, 60);
    expect(await local.operation(oid)).toEqual({ kind: "superseded" });
  });

  it("publishes after a full up, whatever the repository file says of signatures and aliases", async () => {
    await mkdir(join(local.root, ".github"));
    const mapped = "ledger: attested\nstacks:\n  shop.dev:\n    dir: elsewhere\n    stack: other\n";
    await local.commit({ ".github/pulumiscale.yml": mapped });
    await local.stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    const entry = await publishStack(await local.request(), { ...local.world, hide: () => {} });
    expect(entry).toMatchObject({ applied: { web: 6, queue: 60 }, attestation: null });
    expect(await local.entry()).toEqual(entry);
    expect(await local.adopt()).toMatchObject({ kind: "kept" });
  });
});
