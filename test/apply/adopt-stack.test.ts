import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adoptStack } from "../../src/apply/adopt-stack.ts";
import { ContractError } from "../../src/apply/read-contract.ts";
import { readUpdates } from "../../src/apply/update-history.ts";
import { ForgeError } from "../../src/forge/forge.ts";
import { NO_COMMIT } from "../../src/ledger/change-entry.ts";
import { type LocalStack, makeLocalStack } from "./support/local-stack.ts";

// What Pulumi's own history is good for where the ledger says less: on the real engine and a real work tree.

const FILE = "infra/Pulumi.dev.yaml";
const UP = ["up", "--yes", "--skip-preview", "--stack", "dev"] as const;

/** Writes values into the work tree's stack file. */
async function configure(local: LocalStack, values: Readonly<Record<string, number>>): Promise<void> {
  let text = await local.stackFile();
  for (const [key, value] of Object.entries(values))
    text = text.includes(`${key}: `)
      ? text.replace(new RegExp(`${key}: -?\\d+`), `${key}: ${value}`)
      : `${text}  ${key}: ${value}\n`;
  await writeFile(local.stack.stackFile, text);
}

const BASE = { "shop:webCount": 3, "shop:queueCount": 5, "shop:idleCount": 1 };

describe("a stack without an entry", { timeout: 30_000 }, () => {
  let local: LocalStack;
  beforeAll(async () => {
    local = await makeLocalStack("yaml-stash", BASE);
  }, 60_000);
  afterAll(() => local.stack.remove());

  it("that was never brought up is left alone", async () => {
    expect(await local.adopt()).toEqual({ kind: "kept", entry: null });
    expect(await local.pulumiProcesses()).toEqual(["stack history"]);
    expect(await local.apply()).toMatchObject({ kind: "full-needed" });
  });

  it("that was only updated in part has the values of that update, and nothing deployed", async () => {
    const urn = local.stack.urn("pulumi:index:Stash", "web");
    await local.stack.pulumi(...UP, "--target", urn);
    expect(await local.adopt()).toMatchObject({
      kind: "adopted",
      entry: { applied: { web: 3, queue: 5, idle: 1 }, deployed: NO_COMMIT },
    });
  });

  it("has the values of the newest full update, committed or not, and nothing deployed where the tree was dirty", async () => {
    await configure(local, { "shop:webCount": 4 });
    await local.stack.pulumi(...UP);
    await local.git("checkout", "--", FILE);
    await rm(local.ledger.pathOf(local.alias));
    expect(await local.adopt()).toMatchObject({
      entry: { applied: { web: 4, queue: 5, idle: 1 }, deployed: NO_COMMIT },
    });
    // The commit says 3, so that is what comes back; a preview is first, since nobody knows what is deployed.
    await local.pulumiProcesses();
    expect(await local.apply()).toMatchObject({ receipt: { pools: [{ pool: "web", from: 4, to: 3 }] } });
    expect(await local.pulumiProcesses()).toEqual(["stack output", "preview", "up"]);
  });

  it("knows no value of a pool that a failed or partial update may have moved since", async () => {
    const urn = local.stack.urn("pulumi:index:Stash", "web");
    await local.stack.pulumi(...UP);
    await configure(local, { "shop:webCount": 9 });
    await local.stack.pulumi(...UP, "--target", urn);
    await local.git("checkout", "--", FILE);
    await rm(local.ledger.pathOf(local.alias));
    await local.adopt();
    expect((await local.entry()).applied).toEqual({ queue: 5, idle: 1 });
    expect((await local.stack.inputsOf("web"))?.input).toBe(9);
    expect(await local.apply()).toMatchObject({ receipt: { pools: [{ pool: "web", from: null, to: 3 }] } });
    expect((await local.stack.inputsOf("web"))?.input).toBe(3);
  });

  it("has the value that an update of ours has brought since the newest full one", async () => {
    await local.scale("queue", "shop:queueCount", 5, 6);
    expect(await local.apply()).toMatchObject({ receipt: { outcome: "applied" } });
    await rm(local.ledger.pathOf(local.alias));
    await local.adopt();
    expect((await local.entry()).applied).toMatchObject({ queue: 6 });
    await local.scale("queue", "shop:queueCount", 6, 5);
    expect(await local.apply()).toMatchObject({ receipt: { outcome: "applied" } });
  });

  it("has nothing deployed where the repository does not know the commit", async () => {
    await local.commit({ "infra/notes.txt": "a thought" });
    await local.stack.pulumi(...UP);
    await local.git("reset", "--quiet", "--hard", "HEAD~1");
    await local.git("reflog", "expire", "--expire=now", "--all");
    await local.git("gc", "--quiet", "--prune=now");
    await rm(local.ledger.pathOf(local.alias));
    const head = await local.git("rev-parse", "HEAD");
    expect(await local.adopt()).toMatchObject({
      entry: { applied: { web: 3 }, deployed: NO_COMMIT, commit: head },
    });
    expect(await local.apply()).toEqual({ kind: "nothing" });
  });

  it("gets an entry that is newer than the update, though this machine's clock is behind the backend's", async () => {
    await rm(local.ledger.pathOf(local.alias));
    const clock = () => Date.now() - 3_600_000;
    await adoptStack(await local.request(), { ...local.world, clock });
    const [update] = await readUpdates("dev", local.stack, 1);
    expect(Date.parse((await local.entry()).publishedAt)).toBeGreaterThan(update?.endedAtMs ?? Number.NaN);
  });

  it("leaves an entry alone that it cannot read, and says which", async () => {
    const path = local.ledger.pathOf(local.alias);
    await writeFile(path, '{"schemaVersion":1,"proj');
    await expect(local.adopt()).rejects.toThrow(ForgeError);
    await expect(local.adopt()).rejects.toThrow(path);
    await writeFile(path, '{"schemaVersion":2}');
    await expect(local.apply()).rejects.toThrow("schemaVersion 2");
    expect(await readFile(path, "utf8")).toBe('{"schemaVersion":2}');
    await rm(path);
  });

  it("that was destroyed has no values", async () => {
    await local.stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev");
    expect(await local.adopt()).toEqual({ kind: "kept", entry: null });
    await local.stack.pulumi(...UP, "--target", local.stack.urn("pulumi:index:Stash", "queue"));
    await expect(local.adopt()).resolves.toMatchObject({ entry: { applied: { queue: 5 } } });
  });
});

describe("a stack whose folder has moved", { timeout: 60_000 }, () => {
  let local: LocalStack;
  beforeAll(async () => {
    local = await makeLocalStack("yaml-stash", BASE);
  }, 60_000);
  afterAll(() => local.stack.remove());

  it("is taken over with the place at which its file stood, where none is any more", async () => {
    await local.stack.pulumi(...UP);
    await local.adopt();
    const path = local.ledger.pathOf(local.alias);
    const moved = { ...(await local.entry()), dir: "deploy", formerPaths: ["early/Pulumi.dev.yaml"] };
    await writeFile(path, JSON.stringify({ ...moved, publishedAt: "2026-01-01T12:00:00Z", deployed: null }));
    const { place, ...request } = await local.request();
    const formerPaths = ["deploy/Pulumi.dev.yaml"];
    await adoptStack({ ...request, place: { ...place, formerPaths } }, local.world);
    expect(await local.entry()).toMatchObject({
      dir: "infra",
      formerPaths: ["deploy/Pulumi.dev.yaml", "early/Pulumi.dev.yaml"],
    });
    await writeFile(path, JSON.stringify({ ...moved, publishedAt: "2026-01-01T12:00:00Z", deployed: null }));
    await adoptStack({ ...request, place }, local.world);
    expect((await local.entry()).formerPaths).toBeUndefined();
  });
});

describe("a hold", { timeout: 60_000 }, () => {
  let local: LocalStack;
  const pools = {
    "pools:steadyCount": 1,
    "pools:fragileCount": 1,
    "pools:slowCount": 1,
    "pools:tierCount": 1,
    "pools:goneCount": 1,
    "pools:failAt": 5,
  };
  beforeAll(async () => {
    local = await makeLocalStack("node-pools", pools);
    await local.stack.pulumi(...UP);
    await local.adopt();
  }, 60_000);
  afterAll(() => local.stack.remove());

  it("has Pulumi's diagnostics", async () => {
    const oid = await local.scale("fragile", "pools:fragileCount", 1, 5);
    await local.pulumiProcesses();
    expect(await local.apply()).toMatchObject({
      receipt: {
        outcome: "failed",
        covers: [oid],
        pools: [
          { pool: "fragile", outcome: "failed", from: 1, to: 5, message: expect.stringContaining("quota") },
        ],
      },
    });
    expect(await local.pulumiProcesses()).toEqual(["stack output", "up"]);
    expect((await local.entry()).applied.fragile).toBe(1);
    expect(await local.operation(oid)).toMatchObject({
      kind: "done",
      pools: [{ outcome: "failed", message: expect.stringContaining("quota") }],
    });
  });

  it("stays where a full up by hand fails too, or was before it", async () => {
    await expect(local.stack.pulumi(...UP)).rejects.toThrow();
    expect(await local.adopt()).toMatchObject({ kind: "kept" });
    expect((await local.entry()).receipt?.outcome).toBe("failed");
  });

  it("is over after a full up by hand", async () => {
    const oid = await local.git("rev-parse", "HEAD");
    await configure(local, { "pools:failAt": 6 });
    const head = await local.commit({ [FILE]: await local.stackFile() });
    await local.stack.pulumi(...UP);
    expect(await local.adopt()).toMatchObject({ kind: "adopted", because: "full-update" });
    expect(await local.entry()).toMatchObject({ applied: { fragile: 5 }, receipt: null, deployed: head });
    expect(await local.apply()).toEqual({ kind: "nothing" });
    expect(await local.operation(oid)).toMatchObject({
      kind: "done",
      pools: [{ pool: "fragile", outcome: "applied", to: 5 }],
    });
    expect(await local.adopt()).toMatchObject({ kind: "kept" });
  });

  it("is not taken back by an older full up where our own update came after it", async () => {
    await local.scale("steady", "pools:steadyCount", 1, 4);
    await local.apply();
    const path = local.ledger.pathOf(local.alias);
    // As if all of it had happened within one second, which is as exact as Pulumi's history is.
    const [full] = JSON.parse(
      await local.stack.pulumi(
        "stack",
        "history",
        "--json",
        "--page-size",
        "1",
        "--page",
        "2",
        "--stack",
        "dev",
      ),
    );
    const entry = { ...(await local.entry()), publishedAt: full.endTime.replace(".000Z", ".900Z") };
    await writeFile(path, JSON.stringify(entry));
    expect(await local.adopt()).toMatchObject({ kind: "kept" });
    expect((await local.entry()).applied.steady).toBe(4);
  });

  it("of a program without a contract is an error that says so", async () => {
    const program = join(local.stack.workDir, "index.js");
    await writeFile(program, "exports.other = 1;\n");
    await local.stack.pulumi(...UP);
    await expect(local.adopt()).rejects.toThrow(ContractError);
  });
});
