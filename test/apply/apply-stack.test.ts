import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ApplyForge } from "../../src/apply/apply-forge.ts";
import { hashToken } from "../../src/apply/webhook-secrets.ts";
import {
  type DeployRepository,
  makeDeployRepository,
  OTHER,
  readWorkTreeFile,
  SECRET,
} from "./support/deploy-repository.ts";

// The whole apply: the stand-in for GitHub on real git, and the real engine. One story: each test goes on where the one
// before it stopped.

const REPO = "acme/infra";
const FILE = "deploy/Pulumi.dev.yaml";
const PROGRAM = "deploy/Pulumi.yaml";

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
}, 60_000);
afterEach(() => {
  expect(repository.github.violations).toEqual([]);
  repository.said.length = 0;
});
afterAll(() => repository.stop());

async function head(): Promise<string> {
  return (await repository.github.readRef(REPO, "main")) ?? "";
}

async function count(name: string): Promise<unknown> {
  return (await repository.stack.inputsOf(name))?.input;
}

/** A push, and the deploy job's checkout of it. */
async function pushed(work: () => Promise<string>): Promise<{ kind: "push"; before: string }> {
  const before = await head();
  await repository.checkout(await work());
  return { kind: "push", before };
}

describe("publish", { timeout: 30_000 }, () => {
  it("writes contract, values, commit and token hashes to an orphan branch", async () => {
    const entry = await repository.entry();
    expect(entry).toMatchObject({
      project: "shop",
      stack: "dev",
      dir: "deploy",
      applied: { web: 3, queue: 5, idle: 1 },
      deployed: await head(),
      tokenHashes: [hashToken(SECRET)],
    });
    expect(Object.keys(entry.pools)).toEqual(["idle", "queue", "web"]);
    const log = await repository.github.readLog(REPO, "pulumiscale");
    expect(log).toHaveLength(1);
    expect(log[0]?.parents).toEqual([]);
    expect(log[0]?.message).toContain(`Pulumiscale-Deployed: ${await head()}`);
    expect(JSON.stringify(entry)).not.toContain(SECRET);
  });
});

describe("apply", { timeout: 30_000 }, () => {
  it("does nothing where nothing is pending", async () => {
    const entries = await repository.github.readLog(REPO, "pulumiscale");
    await repository.pulumiProcesses();
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
    expect(await repository.pulumiProcesses()).toEqual([]);
    expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(entries);
  });

  it("applies a scale commit, and reports to the ledger and beside the commit", async () => {
    const trigger = await pushed(() => repository.scale("web", "shop:webCount", 3, 4));
    await repository.pulumiProcesses();
    const requests = repository.github.requests.length;
    const result = await repository.apply(trigger);
    expect(await repository.pulumiProcesses()).toEqual(["stack output", "up"]);
    expect(repository.github.requests.slice(requests).map(({ path }) => path)).toEqual([
      "/graphql",
      "/graphql",
      "/graphql",
      "/repos/acme/infra/check-runs",
    ]);
    expect(result).toMatchObject({
      kind: "done",
      problems: [],
      receipt: {
        commit: await head(),
        covers: [await head()],
        outcome: "applied",
        pools: [{ pool: "web", outcome: "applied", from: 3, to: 4, message: "" }],
      },
    });
    expect(await count("web")).toBe(4);
    expect((await repository.entry()).applied).toEqual({ web: 4, queue: 5, idle: 1 });
    const [written] = await repository.github.readLog(REPO, "pulumiscale");
    expect(written?.message).toContain("ledger(shop.dev): web 3 → 4 applied");
    expect(written?.message).toContain("Pulumiscale-Result: web 3 -> 4 outcome=applied");
    expect(await repository.apply(trigger)).toEqual({ kind: "nothing" });
    const checks = await repository.octokit.rest.checks.listForRef({
      owner: "acme",
      repo: "infra",
      ref: "main",
    });
    expect(checks.data.check_runs).toMatchObject([
      { name: "pulumiscale/apply (shop.dev)", conclusion: "success", output: { title: "web 3 → 4 applied" } },
    ]);
  });

  it("applies everything that is pending, at the newest values, from a run that is behind", async () => {
    const trigger = await pushed(() => repository.scale("web", "shop:webCount", 4, 5));
    await repository.scale("queue", "shop:queueCount", 5, 50);
    await repository.scale("web", "shop:webCount", 5, 6);
    const result = await repository.apply(trigger);
    expect(result).toMatchObject({ kind: "done", receipt: { outcome: "applied" } });
    expect([await count("web"), await count("queue")]).toEqual([6, 50]);
    expect(await readWorkTreeFile(repository)).toBe(await repository.github.readFile(REPO, FILE));
    if (result.kind === "done") expect(result.receipt.covers).toHaveLength(3);
    expect((await repository.entry()).applied).toMatchObject({ web: 6, queue: 50 });
  });

  it("never applies the old values of an old run that is started again", async () => {
    const old = await head();
    const trigger = await pushed(() => repository.scale("web", "shop:webCount", 6, 7));
    await repository.apply(trigger);
    await repository.checkout(old);
    expect(await repository.apply({ kind: "push", before: old })).toEqual({ kind: "nothing" });
    expect(await count("web")).toBe(7);
  });

  it("calls a value that reaches no target no-effect, and holds it as failed", async () => {
    const trigger = await pushed(() => repository.scale("idle", "shop:idleCount", 1, 2));
    const result = await repository.apply(trigger);
    expect(result).toMatchObject({
      receipt: { outcome: "failed", pools: [{ pool: "idle", outcome: "no-effect", from: 1, to: 2 }] },
    });
    const entry = await repository.entry();
    expect(entry.applied.idle).toBe(1);
    expect(entry.receipt?.pools[0]).toMatchObject({ pool: "idle", outcome: "no-effect" });

    const writes = await repository.github.readLog(REPO, "pulumiscale");
    expect(await repository.apply(OTHER)).toMatchObject({ receipt: { outcome: "failed" } });
    expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(writes);

    await pushed(() => repository.scale("idle", "shop:idleCount", 2, 1));
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { outcome: "applied", pools: [{ pool: "idle", outcome: "applied", from: 1, to: 1 }] },
    });
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
  });

  it("refuses a value out of range, whoever committed it", async () => {
    await pushed(() => repository.scale("web", "shop:webCount", 7, 11));
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { outcome: "failed", pools: [{ pool: "web", outcome: "out-of-range", from: 7, to: 11 }] },
    });
    expect(await count("web")).toBe(7);
    await pushed(() => repository.scale("web", "shop:webCount", 11, 7));
    await repository.apply(OTHER);
  });

  it("calls nothing applied, and no scale commit a success, where the value is gone", async () => {
    await repository.scale("web", "shop:webCount", 7, 6);
    const text = (await repository.github.readFile(REPO, FILE)) ?? "";
    await pushed(() => repository.push({ [FILE]: text.replace("  shop:webCount: 6\n", "") }));
    const ledger = await repository.github.readLog(REPO, "pulumiscale");
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { outcome: "failed", pools: [] },
      problems: [expect.stringContaining("web: ")],
    });
    expect(await repository.github.readLog(REPO, "pulumiscale")).toEqual(ledger);
    await pushed(() => repository.push({ [FILE]: text.replace("webCount: 6", "webCount: 7") }));
    expect(await repository.apply(OTHER)).toMatchObject({ receipt: { outcome: "applied" } });
  });
});

describe("a ledger write that was lost", { timeout: 30_000 }, () => {
  const writingBy = (commitToLedger: ApplyForge["commitToLedger"]): ApplyForge => ({
    readHead: (...args) => repository.forge.readHead(...args),
    readHistory: (...args) => repository.forge.readHistory(...args),
    readLedger: (...args) => repository.forge.readLedger(...args),
    listStacks: (...args) => repository.forge.listStacks(...args),
    report: (...args) => repository.forge.report(...args),
    includes: (...args) => repository.forge.includes(...args),
    commitToLedger,
  });
  /** Dies between the update and the ledger write. */
  const dying = () => writingBy(() => Promise.reject(new Error("killed")));

  it("is made up for: what stands applied already is applied, and no no-effect", async () => {
    await pushed(() => repository.scale("web", "shop:webCount", 7, 8));
    expect(await repository.apply(OTHER, { forge: dying() })).toMatchObject({
      problems: [expect.stringContaining("the ledger could not be written: killed")],
    });
    expect(await count("web")).toBe(8);
    expect((await repository.entry()).applied.web).toBe(7);
    await repository.pulumiProcesses();
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { outcome: "applied", pools: [{ pool: "web", outcome: "applied", from: 7, to: 8 }] },
    });
    expect((await repository.entry()).applied.web).toBe(8);
    // The third process is the preview with the old value, which tells the two cases apart.
    expect(await repository.pulumiProcesses()).toEqual(["stack output", "up", "preview"]);
  });

  it("is made up for when the value has come back meanwhile", async () => {
    await pushed(() => repository.scale("web", "shop:webCount", 8, 9));
    expect(await repository.apply(OTHER, { forge: dying() })).toMatchObject({
      problems: [expect.stringContaining("the ledger could not be written: killed")],
    });
    expect(await count("web")).toBe(9);
    await pushed(() => repository.scale("web", "shop:webCount", 9, 8));
    expect((await repository.entry()).applied.web).toBe(8);
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { pools: [{ pool: "web", outcome: "applied", from: 8, to: 8 }] },
    });
    expect(await count("web")).toBe(8);
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
  });

  it("to another stack's run is read again and merged", async () => {
    await pushed(() => repository.scale("web", "shop:webCount", 8, 9));
    let raced = false;
    const racing = writingBy(async (place, commit) => {
      if (!raced) {
        raced = true;
        await repository.github.commit(REPO, {
          branch: "pulumiscale",
          files: { "stacks/other.prod.json": "{}\n" },
          message: "another stack's",
        });
      }
      return repository.forge.commitToLedger(place, commit);
    });
    await repository.apply(OTHER, { forge: racing });
    expect((await repository.entry()).applied.web).toBe(9);
    expect(await repository.github.readFile(REPO, "stacks/other.prod.json", "pulumiscale")).toBe("{}\n");
  });

  it("to an older run of the same stack leaves nothing at the older value", async () => {
    await pushed(() => repository.scale("web", "shop:webCount", 9, 8));
    const { checkout: _, ...place } = await repository.request();
    const old = await repository.forge.readHead(place.place, []);
    await pushed(() => repository.scale("web", "shop:webCount", 8, 9));
    // It has read the head before the newer commit, and updates after the newer run has.
    const slow: ApplyForge = {
      ...writingBy((...args) => repository.forge.commitToLedger(...args)),
      readHead: async (...args) => ({
        ...(await repository.forge.readHead(...args)),
        headOid: old.headOid,
        head: old.head,
      }),
    };
    let raced = false;
    const racing = writingBy(async (place, commit) => {
      if (!raced) {
        raced = true;
        await repository.apply(OTHER, { forge: slow });
      }
      return repository.forge.commitToLedger(place, commit);
    });
    await repository.apply(OTHER, { forge: racing });
    expect(await count("web")).toBe(8);
    expect((await repository.entry()).applied.web).toBe(9);
    expect(await repository.apply(OTHER)).toMatchObject({ receipt: { outcome: "applied" } });
    expect(await count("web")).toBe(9);
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
  });
});

describe("code changes", { timeout: 60_000 }, () => {
  // The program's own placeholders, taken apart so that nobody takes them for ours.
  const webInput = "      input: $" + "{webCount}\n";

  const edit = async (from: string, to: string) => {
    const text = (await repository.github.readFile(REPO, PROGRAM)) ?? "";
    expect(text).toContain(from);
    return repository.push({ [PROGRAM]: text.replace(from, to) });
  };

  it("that are in the checkout only are told, and previewed first", async () => {
    const trigger = await pushed(() => repository.scale("web", "shop:webCount", 9, 8));
    const program = join(repository.stack.workDir, "Pulumi.yaml");
    const committed = await readFile(program, "utf8");
    await writeFile(
      program,
      committed.replace(webInput, `${webInput}    options:\n      replaceOnChanges: ["input"]\n`),
    );
    expect(await repository.apply(trigger)).toMatchObject({
      receipt: { outcome: "failed", pools: [{ pool: "web", outcome: "unexpected-change" }] },
    });
    expect(repository.said.join()).toContain("differs from its commit (deploy/Pulumi.yaml)");
    expect(await count("web")).toBe(9);
    await writeFile(program, committed);
    await repository.apply(await pushed(() => repository.scale("web", "shop:webCount", 8, 9)));
  });

  it("of this run's own push are the full up's, with the newest values", async () => {
    const trigger = await pushed(() => edit("default: one", "default: two"));
    await repository.scale("web", "shop:webCount", 9, 10);
    expect(await repository.apply(trigger)).toMatchObject({ kind: "full-needed" });
    expect(await readWorkTreeFile(repository)).toContain("webCount: 10");
    expect(await count("other")).toBe("one");
    await repository.fullUp();
    const entry = await repository.publish();
    expect([await count("other"), await count("web")]).toEqual(["two", 10]);
    expect(entry.applied.web).toBe(10);
    expect(entry.receipt?.pools).toMatchObject([{ pool: "web", from: 9, to: 10, outcome: "applied" }]);
    expect(entry.receipt?.covers).toEqual([await head()]);
    await repository.checkout(await head());
    expect(await repository.apply(OTHER)).toEqual({ kind: "nothing" });
  });

  it("of another stack's file or outside the directory are none", async () => {
    const trigger = await pushed(() =>
      repository.push({ "deploy/Pulumi.prod.yaml": "config: {}\n", "README.md": "# changed\n" }),
    );
    expect(await repository.apply(trigger)).toEqual({ kind: "nothing" });
  });

  it("that came after this run's checkout make it step aside", async () => {
    const trigger = await pushed(() => repository.scale("web", "shop:webCount", 10, 2));
    await edit("default: two", "default: three");
    expect(await repository.apply(trigger)).toMatchObject({ kind: "superseded" });
    expect(await count("web")).toBe(10);
  });

  it("that are undeployed are previewed first: a replacement is refused, unless allowed", async () => {
    await edit(webInput, `${webInput}    options:\n      replaceOnChanges: ["input"]\n`);
    await repository.checkout(await head());
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { outcome: "failed", pools: [{ pool: "web", outcome: "unexpected-change", from: 10, to: 2 }] },
    });
    expect(repository.said.join()).toContain("The code on main is not the one that was deployed last");
    expect(await count("web")).toBe(10);
    expect(await repository.apply(OTHER, { engine: { unexpectedChanges: "allow" } })).toMatchObject({
      receipt: { pools: [{ pool: "web", outcome: "applied" }] },
    });
    expect(await count("web")).toBe(2);
    expect(await count("other")).toBe("two");
  });

  it("that are undeployed and that a target needs stop the apply", async () => {
    const type = "    type: pulumi:index:Stash\n";
    const needsExtra = '      dependsOn: ["$' + '{extra}"]\n';
    await edit('      replaceOnChanges: ["input"]\n', needsExtra);
    await edit("  web:\n    type", `  extra:\n${type}    properties:\n      input: 1\n  web:\n    type`);
    await pushed(() => repository.scale("web", "shop:webCount", 2, 4));
    expect(await repository.apply(OTHER)).toMatchObject({
      receipt: { pools: [{ pool: "web", outcome: "failed", message: expect.stringContaining("--target") }] },
    });
    expect([await count("web"), await count("extra")]).toEqual([2, undefined]);
  });
});

describe("a stack that was never published", { timeout: 30_000 }, () => {
  it("needs a full up", async () => {
    await repository.github.commit(REPO, {
      branch: "pulumiscale",
      files: { "stacks/shop.dev.json": null },
      message: "gone",
    });
    expect(await repository.apply(OTHER)).toMatchObject({ kind: "full-needed" });
  });
});
