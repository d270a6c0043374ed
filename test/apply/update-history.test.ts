import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configuredValues } from "../../src/apply/config-value.ts";
import { PulumiReadError } from "../../src/apply/pulumi-errors.ts";
import { parseUpdates, readUpdates } from "../../src/apply/update-history.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

describe("Pulumi's own history", { timeout: 30_000 }, () => {
  let stack: PulumiStack;
  beforeAll(async () => {
    stack = await makePulumiStack("yaml-stash", { webCount: 3, queueCount: 5, idleCount: 1 });
  }, 60_000);
  afterAll(() => stack.remove());

  it("of a stack that was never updated is empty", async () => {
    expect(await readUpdates("dev", stack, 20)).toEqual([]);
  });

  it("of a stack that is not there is an error with Pulumi's words", async () => {
    await expect(readUpdates("nobody", stack, 20)).rejects.toThrow(PulumiReadError);
    await expect(readUpdates("nobody", stack, 20)).rejects.toThrow("no stack named 'nobody'");
  });

  it("tells full updates from partial ones, newest first, with messages of several lines", async () => {
    const web = stack.urn("pulumi:index:Stash", "web");
    const up = ["up", "--yes", "--skip-preview", "--stack", "dev"];
    await stack.pulumi("config", "set", "--path", "nest.a[0].b", "7", "--stack", "dev");
    await stack.pulumi("config", "set", "--secret", "password", "hunter2hunter2", "--stack", "dev");
    await stack.pulumi("config", "set", "--secret", "--path", "mixed.password", "hunter2", "--stack", "dev");
    await stack.pulumi("config", "set", "--path", "mixed.count", "4", "--stack", "dev");
    await stack.pulumi(...up);
    const message = "scale(shop.dev): web 3 → 5\n\nPulumiscale-Stack: shop.dev\nPulumiscale-Commit: abc";
    await stack.pulumi(...up, "--target", web, "--message", message);
    await stack.pulumi(...up, "--exclude", web);
    await stack.pulumi("refresh", "--yes", "--skip-preview", "--stack", "dev");
    await writeFile(`${stack.workDir}/Pulumi.yaml`, "name: shop\nruntime: yaml\nresources: [oh]\n");
    await expect(stack.pulumi(...up)).rejects.toThrow();
    const updates = await readUpdates("dev", stack, 20);
    const facts = updates.map(({ kind, result, isTargeted }) => [kind, result, isTargeted]);
    expect(facts.at(-1)).toEqual(["update", "succeeded", false]);
    expect(facts.slice(-4)).toEqual([
      ["refresh", "succeeded", false],
      ["update", "succeeded", true],
      ["update", "succeeded", true],
      ["update", "succeeded", false],
    ]);
    const targeted = updates.at(-2);
    expect(targeted?.message).toBe(message);
    expect(targeted?.endedAtMs).toBeGreaterThanOrEqual(targeted?.startedAtMs ?? Number.NaN);
    expect(await readUpdates("dev", stack, 2)).toEqual(updates.slice(0, 2));
  });

  it("has the configuration of each, without secrets", async () => {
    const update = (await readUpdates("dev", stack, 20)).at(-1);
    expect(Object.fromEntries(update?.config ?? [])).toEqual({
      "shop:webCount": "3",
      "shop:queueCount": "5",
      "shop:idleCount": "1",
      "shop:otherText": "one",
      "shop:nest": '{"a":[{"b":7}]}',
    });
  });
});

describe("what is read of a history", () => {
  const line = {
    kind: "update",
    startTime: "2026-01-02T03:04:05.000Z",
    endTime: "2026-01-02T03:04:09.000Z",
    message: "m",
    environment: { "git.head": "abc", "git.dirty": "false" },
    config: { "shop:a": { value: "1", secret: false }, "shop:b": { value: "plain", secret: true } },
    result: "succeeded",
  };
  const parse = (...lines: unknown[]) => parseUpdates(JSON.stringify(lines));

  it("keeps no value that is called secret, though one should be printed", () => {
    expect(JSON.stringify([...(parse(line)?.[0]?.config ?? [])])).toBe('[["shop:a","1"]]');
  });

  it.each([
    ["with fields that are new", { ...line, version: 7, somethingNew: { a: 1 } }],
    [
      "with a value of a new form",
      { ...line, config: { ...line.config, "shop:c": { value: 3, secret: false } } },
    ],
  ])("stands a line %s", (_what, changed) => {
    expect(parse(changed)).toEqual(parse(line));
  });

  it("takes a work tree for dirty of which Pulumi does not say that it was clean", () => {
    expect(parse({ ...line, environment: {} })).toMatchObject([{ isDirty: true, head: null }]);
    expect(parse({ ...line, environment: null })).toMatchObject([{ isDirty: true, head: null }]);
    expect(parse(line)).toMatchObject([{ isDirty: false, head: "abc" }]);
  });

  it("has no end of an update that runs", () => {
    const { endTime: _, ...running } = { ...line, result: "in-progress" };
    const unset = { ...line, result: "in-progress", endTime: "1970-01-01T00:00:00.000Z" };
    expect(parse(running)).toMatchObject([{ endedAtMs: null, result: "in-progress" }]);
    expect(parse(unset)).toMatchObject([{ endedAtMs: null }]);
    expect(parse({ ...line, result: "not-started" })).toMatchObject([{ result: "unknown" }]);
  });

  it("leaves out lines that are none, and is null for what is no list", () => {
    expect(parse(line, 3, { ...line, startTime: "soon" }, null)).toHaveLength(1);
    expect(parseUpdates("{}")).toBeNull();
    expect(parseUpdates("warning: oh\n[]")).toBeNull();
  });
});

describe("the value of a pool in a configuration", () => {
  const rules = { targetUrn: "urn", strategy: "absolute", min: 0, max: 9, cooldown: 0 };
  const valueAt = (where: Record<string, string>, config: Record<string, string>) => {
    const { contract } = parseContract({ web: { ...rules, ...where } });
    return configuredValues(contract, "shop", new Map(Object.entries(config))).web;
  };
  const nested = { "shop:nest": '{"a":[{"b":7,"c":"8","d.e":9}]}' };

  it.each([
    [{ configKey: "count" }, { "shop:count": "3" }, 3],
    [{ configKey: "other:count" }, { "other:count": "-3" }, -3],
    [{ configPath: "nest.a[0].b" }, nested, 7],
    [{ configPath: "nest.a[0].c" }, nested, 8],
    [{ configPath: 'nest.a[0]["d.e"]' }, nested, 9],
    [{ configPath: "nest.a[1].b" }, nested, undefined],
    [{ configPath: "nest.a.length" }, nested, undefined],
    [{ configPath: "nest.constructor.length" }, nested, undefined],
    [{ configKey: "nest" }, nested, undefined],
    [{ configKey: "count" }, { "shop:count": "3.5" }, undefined],
    [{ configKey: "count" }, { "shop:count": "9007199254740993" }, undefined],
    [{ configKey: "count" }, { "shop:count": "" }, undefined],
    [{ configKey: "count" }, {}, undefined],
    [{ configPath: "count.a" }, { "shop:count": "{half" }, undefined],
  ])("at %o in %o is %s", (where, config, value) => {
    expect(valueAt(where, config)).toBe(value);
  });
});
