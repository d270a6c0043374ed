import { describe, expect, it } from "vitest";
import type { PendingPool } from "../../src/apply/pending.ts";
import {
  formatUpdateMessage,
  parseUpdatedPools,
  parseUpdateMessage,
} from "../../src/apply/update-message.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";

const ALIAS = "shop.dev";
const STACK = { alias: ALIAS };
const rules = { targetUrn: "urn", strategy: "absolute", min: 0, max: 9, cooldown: 0 };

function pendingPool(name: string, from: number | null, to: number, aliases: string[] = []): PendingPool {
  const pool = parseContract({ [name]: { ...rules, configKey: name, aliases } }).contract.get(name);
  if (pool === undefined) throw new Error(`${name} is no pool`);
  return { pool, from, to };
}

function scaleCommit(oid: string, lines: string[], alias = ALIAS) {
  const scales = lines.map(
    (line) => `Pulumiscale-Scale: ${line} reason=requested source=count event=0123456789abcdef`,
  );
  return { oid, message: `scale\n\nPulumiscale-Stack: ${alias}\n${scales.join("\n")}` };
}

const oidOf = (number: number) => number.toString(16).padStart(40, "0");

describe("the message of an update", () => {
  it("is a scale commit of what is applied, with the newest demand for each pool", () => {
    const message = formatUpdateMessage(
      STACK,
      [pendingPool("web", 3, 5)],
      [scaleCommit(oidOf(2), ["web 4 -> 5 requested=7"]), scaleCommit(oidOf(1), ["web 3 -> 4 requested=4"])],
    );
    expect(message.split("\n")[0]).toBe("scale(shop.dev): web 3 → 5");
    expect(parseScaleCommit(message)).toMatchObject({
      alias: ALIAS,
      scales: [{ pool: "web", from: 3, to: 5, requested: 7, event: "0123456789abcdef" }],
    });
    expect(parseUpdateMessage(message, STACK)).toEqual([oidOf(2), oidOf(1)]);
  });

  it("names who asked, and who approved where all of it was approved", () => {
    const by = (oid: string, line: string, names: string) => {
      const { message } = scaleCommit(oid, [line]);
      return { oid, message: `${message}\n${names}` };
    };
    const ada = by(
      oidOf(2),
      "web 4 -> 5 requested=5",
      "Pulumiscale-Requested-By: Ada\nPulumiscale-Approved-By: Eve",
    );
    const bob = by(oidOf(1), "web 3 -> 4 requested=4", "Pulumiscale-Requested-By: Bob");
    const read = (...commits: (typeof ada)[]) =>
      parseScaleCommit(formatUpdateMessage(STACK, [pendingPool("web", 3, 5)], commits));
    expect(read(ada)).toMatchObject({ requestedBy: "Ada", approvedBy: "Eve" });
    expect(read(ada, bob)).toMatchObject({ requestedBy: "Ada, Bob" });
    expect(read(ada, bob)).not.toHaveProperty("approvedBy");
  });

  it("has no demand for what somebody moved by hand, or of another stack", () => {
    const commits = [
      { oid: oidOf(3), message: "web 8, by hand" },
      scaleCommit(oidOf(2), ["queue 1 -> 2 requested=2"], "other"),
      scaleCommit(oidOf(1), ["web 3 -> 4 requested=4"]),
    ];
    const message = formatUpdateMessage(
      STACK,
      [pendingPool("web", 3, 8), pendingPool("queue", 1, 2)],
      commits,
    );
    expect(message).toBe(
      `scale(shop.dev): 2 pools\n\nPulumiscale-Stack: shop.dev\nPulumiscale-Pools: web,queue\nPulumiscale-Commit: ${oidOf(1)}`,
    );
    expect(parseUpdatedPools(message, STACK)).toEqual(["web", "queue"]);
    expect(parseUpdatedPools(message, { alias: "other" })).toBeNull();
  });

  it("names all pools or none", () => {
    const pending = Array.from({ length: 300 }, (_, index) => pendingPool(`pool${index}`, 1, 2));
    expect(parseUpdatedPools(formatUpdateMessage(STACK, pending, []), STACK)).toBeNull();
  });

  it("knows a pool by its former name, and has the demand's own value where nothing is known as applied", () => {
    const commits = [scaleCommit(oidOf(1), ["old 3 -> 4 requested=4"])];
    const message = formatUpdateMessage(STACK, [pendingPool("web", null, 4, ["old"])], commits);
    expect(message.split("\n")[0]).toBe("scale(shop.dev): web ? → 4");
    expect(parseScaleCommit(message)?.scales).toMatchObject([{ pool: "web", from: 3, to: 4 }]);
  });

  it("names the commits of a failed update that is tried again, each once", () => {
    const commits = [scaleCommit(oidOf(2), ["web 3 -> 4 requested=4"])];
    const message = formatUpdateMessage(STACK, [pendingPool("web", 3, 4)], commits, [oidOf(2), oidOf(1)]);
    expect(parseUpdateMessage(message, STACK)).toEqual([oidOf(2), oidOf(1)]);
  });

  it("stays under 4,000 bytes, with the newest commits first", () => {
    const names = Array.from({ length: 100 }, (_, index) => `pool${index}`);
    const pending = names.map((name) => pendingPool(name, 1, 2));
    const commits = names.map((name, index) => scaleCommit(oidOf(index), [`${name} 1 -> 2 requested=2`]));
    const message = formatUpdateMessage(STACK, pending, commits);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4000);
    const covered = parseUpdateMessage(message, STACK) ?? [];
    expect(covered).toEqual(commits.slice(0, covered.length).map(({ oid }) => oid));
    expect(covered.length).toBeGreaterThan(30);
    expect(parseScaleCommit(message)?.scales.length).toBeGreaterThan(5);
  });

  it("of a renamed stack names commits of its former name, and is read under its new one", () => {
    const store = { alias: "store", formerAliases: [ALIAS] };
    const commits = [
      scaleCommit(oidOf(3), ["web 5 -> 6 requested=6"], "other"),
      scaleCommit(oidOf(2), ["web 4 -> 5 requested=5"], "store"),
      scaleCommit(oidOf(1), ["web 3 -> 4 requested=4"]),
    ];
    const message = formatUpdateMessage(store, [pendingPool("web", 3, 5)], commits);
    expect(message.split("\n")[0]).toBe("scale(store): web 3 → 5");
    expect(parseUpdateMessage(message, store)).toEqual([oidOf(2), oidOf(1)]);
    const before = formatUpdateMessage(STACK, [pendingPool("web", 3, 4)], commits);
    expect(parseUpdateMessage(before, store)).toEqual([oidOf(1)]);
    expect(parseUpdatedPools(before, store)).toEqual(["web"]);
    expect(parseUpdateMessage(message, STACK)).toBeNull();
  });

  it("of anybody else names nothing", () => {
    expect(parseUpdateMessage(`Pulumiscale-Stack: other\nPulumiscale-Commit: ${oidOf(1)}`, STACK)).toBeNull();
    expect(parseUpdateMessage(`Pulumiscale-Commit: ${oidOf(1)}`, STACK)).toBeNull();
    expect(parseUpdateMessage("", STACK)).toBeNull();
  });
});
