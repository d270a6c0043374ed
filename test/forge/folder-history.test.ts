import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readUpdates } from "../../src/apply/update-history.ts";
import { readPoolValue } from "../../src/domain/stack-file.ts";
import { FolderForge } from "../../src/forge/folder-forge.ts";
import { foldHistory } from "../../src/forge/folder-history.ts";
import {
  type JournalRecord,
  journalPath,
  pruneRecords,
  readJournal,
} from "../../src/forge/folder-journal.ts";
import { formatConfigValues, formatPlacedValues } from "../../src/forge/folder-values.ts";
import { ALIAS, type FolderWorld, makeFolderWorld } from "./folder-world.ts";

const MINUTE_MS = 60_000;

describe("a long history of Pulumi's", () => {
  const COUNT = 300;
  let world: FolderWorld;
  let newestMs: number;

  beforeAll(async () => {
    world = await makeFolderWorld();
    const folder = join(world.stack.workDir, "../../backend/.pulumi/history/shop/dev");
    const first = (await readdir(folder)).find((name) => name.endsWith(".history.json")) ?? "";
    const text = await readFile(join(folder, first), "utf8");
    const stamp = Number(/dev-(\d{10})/.exec(first)?.[1]);
    newestMs = (stamp + COUNT * 60) * 1000;
    // One scale a minute, up and down again, as Pulumi itself would have noted them.
    for (let minute = 1; minute <= COUNT; minute += 1) {
      const [from, to] = minute % 2 === 1 ? [3, 4] : [4, 3];
      const update: Record<string, unknown> = JSON.parse(text);
      const startTime = stamp + minute * 60;
      const event = String(minute).padStart(16, "0");
      const message = `scale(${ALIAS}): web ${from} → ${to}\n\nPulumiscale-Stack: ${ALIAS}\nPulumiscale-Scale: web ${from} -> ${to} requested=${to} reason=in-range source=test event=${event}\nPulumiscale-Commit: ${event.padStart(40, "a")}`;
      const config = { ...Object(update.config), "shop:webCount": String(to) };
      const path = join(folder, `dev-${startTime}000000000.history.json`);
      await writeFile(
        path,
        JSON.stringify({ ...update, message, config, startTime, endTime: startTime + 1 }),
      );
    }
  }, 60_000);
  afterAll(() => world.stack.remove());

  async function read(windowMs: number) {
    const { workDir, environment } = world.stack;
    const asked: number[] = [];
    const forge = new FolderForge({
      ...{ workDir, stateDir: world.stateDir, clock: () => newestMs },
      readUpdates: (count) => {
        asked.push(count);
        return readUpdates("dev", { workDir, environment }, count);
      },
    });
    return { asked, history: (await forge.readSnapshot(world.place, windowMs)).history };
  }

  it("is read as far as it matters, in one process", async () => {
    const { asked, history } = await read(15 * MINUTE_MS);
    expect(asked).toEqual([20]);
    expect(history).toHaveLength(19);
    expect(history[0]?.reachedAtMs).toBe(newestMs);
  });

  it("is read whole in two, where all of it matters", async () => {
    const { asked, history } = await read(24 * 60 * MINUTE_MS);
    expect(asked).toEqual([20, 400]);
    expect(history).toHaveLength(COUNT + 1);
    expect(history.at(-1)?.before).toEqual({ kind: "missing" });
    expect(new Set(history.map(({ oid }) => oid)).size).toBe(COUNT + 1);
  });
});

describe("the values of a config", () => {
  const project = "shop";

  it("are read as from a stack file, nested ones too, and no other text is there", () => {
    const text = formatConfigValues(
      new Map([
        ["shop:webCount", "3"],
        ["shop:padded", "03"],
        ["shop:name", "hunter-two"],
        [
          "shop:nodes",
          '{"pools":[{"name":"a b","size":7,"rate":1.5},{"size":"8"}],"a.b":{"min\u2028":9,"__proto__":4}}',
        ],
        ["shop:broken", "{not json 12"],
      ]),
    );
    const value = (location: { configKey: string } | { configPath: string }) => {
      const read = readPoolValue(text, { project, ...location });
      return read.kind === "value" ? read.value : null;
    };
    expect(value({ configKey: "webCount" })).toBe(3);
    expect(value({ configKey: "padded" })).toBeNull();
    expect(value({ configPath: "nodes.pools[0].size" })).toBe(7);
    expect(value({ configPath: "nodes.pools[1].size" })).toBe(8);
    expect(value({ configPath: 'nodes["a.b"]["min\u2028"]' })).toBe(9);
    expect(value({ configPath: 'nodes["a.b"].__proto__' })).toBe(4);
    expect(text).not.toMatch(/hunter|a b|json|1\.5/);
  });

  it("are placed one by one, several below one key too", () => {
    const text = formatPlacedValues([
      { location: { project, configPath: "nodes.pools[2].size" }, value: 7 },
      { location: { project, configPath: "nodes.pools[0].size" }, value: 6 },
      { location: { project, configKey: "other:count" }, value: 5 },
      { location: { project, configPath: "far[999999999]" }, value: 1 },
      { location: { project, configPath: "bad[" }, value: 1 },
    ]);
    expect(JSON.parse(text)).toEqual({
      config: {
        "shop:nodes": { pools: [{ size: 6 }, null, { size: 7 }] },
        "other:count": 5,
        "shop:far": [],
      },
    });
  });
});

describe("an update's message", () => {
  const config = (web: number) => new Map([["shop:webCount", String(web)]]);
  const message = (values: string) =>
    `x\n\nPulumiscale-Stack: ${ALIAS}\nPulumiscale-Scale: web ${values} requested=1 reason=x source=y event=0123456789abcdef`;

  it("is no commit where nothing has changed, however often it is said", () => {
    const updates = [
      { startedAtMs: 3000, message: message("3 -> 4"), config: config(4) },
      { startedAtMs: 2000, message: message("3 -> 4"), config: config(4) },
      { startedAtMs: 1000, message: "", config: config(3) },
    ];
    const history = foldHistory({ updates, isComplete: false, records: [], names: { alias: ALIAS } });
    expect(history.map(({ reachedAtMs }) => reachedAtMs)).toEqual([2000]);
  });

  it("gives its words to no change of other values", () => {
    const updates = [
      { startedAtMs: 3000, message: message("3 -> 5"), config: config(4) },
      { startedAtMs: 2000, message: "by hand", config: config(4), author: "Ada" },
      { startedAtMs: 1000, message: "", config: config(3) },
    ];
    const history = foldHistory({ updates, isComplete: false, records: [], names: { alias: ALIAS } });
    expect(history).toMatchObject([{ message: "by hand", author: "Ada" }]);
  });
});

describe("the journal", () => {
  const DAY_MS = 24 * 3_600_000;
  const record = (index: number, atMs: number): JournalRecord => ({
    id: String(index).padStart(40, "0"),
    message: "m".repeat(100),
    atMs,
    moves: [],
  });

  it("keeps what no update names, what is young, and the newest", () => {
    const records = [record(1, 0), record(2, 0), record(3, DAY_MS), record(4, 0)];
    const named = new Set([record(1, 0), record(3, 0), record(4, 0)].map(({ id }) => id));
    expect(pruneRecords(records, named, DAY_MS + 1).map(({ id }) => Number(id))).toEqual([2, 3, 4]);
  });

  it("never grows without bounds", () => {
    const records = Array.from({ length: 1000 }, (_, index) => record(index, 0));
    const kept = pruneRecords(records, new Set(), 0);
    expect(kept).toHaveLength(200);
    expect(kept.at(-1)).toEqual(record(999, 0));
    const large = records.map((one) => ({ ...one, message: "m".repeat(100_000) }));
    expect(pruneRecords(large, new Set(), 0).length).toBeLessThan(6);
  });

  it("is empty where there is none, and never stands elsewhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pulumiscale-journal-"));
    try {
      expect(await readJournal(folder, { alias: ALIAS })).toMatchObject({ records: [], pending: null });
      expect(() => journalPath(folder, "../../etc")).toThrow();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
