import { describe, expect, it } from "vitest";
import { parseContract } from "../../src/domain/contract.ts";

const good = {
  targetUrn: "urn:x",
  configKey: "workerCount",
  strategy: "incremental",
  min: 1,
  max: 50,
  cooldown: 300,
};

describe("parseContract", () => {
  it("reads the contract of the documentation, with its defaults", () => {
    const { contract, problems, warnings } = parseContract({ "worker-pool": good });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(contract.get("worker-pool")).toEqual({
      name: "worker-pool",
      targetUrns: ["urn:x"],
      location: { configKey: "workerCount" },
      strategy: "incremental",
      min: 1,
      max: 50,
      cooldownSeconds: 300,
      scaleInCooldownSeconds: 300,
      step: 1,
      targetDependents: false,
      approval: undefined,
      unitCost: undefined,
      aliases: [],
    });
  });

  it("reads every optional field", () => {
    const { configKey: _, ...rest } = good;
    const { contract, problems } = parseContract({
      web: {
        ...rest,
        targetUrn: ["urn:a", "urn:b**"],
        configPath: "nodes[0].count",
        step: 5,
        scaleInCooldown: 900,
        targetDependents: true,
        approval: { above: 20, changeOver: "50%", partial: true },
        unitCost: { amount: 0.4, currency: "USD", per: "hour" },
        aliases: ["old-web"],
      },
    });
    expect(problems).toEqual([]);
    expect(contract.get("web")).toMatchObject({
      targetUrns: ["urn:a", "urn:b**"],
      location: { configPath: "nodes[0].count" },
      step: 5,
      scaleInCooldownSeconds: 900,
      approval: { above: 20, changeOver: "50%", partial: true },
      aliases: ["old-web"],
    });
  });

  it.each<[string, unknown, string]>([
    ["no output", undefined, ""],
    ["a secret output", "[secret]", ""],
    ["a list", [good], ""],
    ["an empty record", {}, ""],
    ["a bad name", { "9web": good }, '"9web"'],
    ["a name from the prototype", JSON.parse('{"__proto__x y": {}}'), '"__proto__x y"'],
    ["no target", { web: { ...good, targetUrn: undefined } }, "web.targetUrn"],
    ["an empty list of targets", { web: { ...good, targetUrn: [] } }, "web.targetUrn"],
    ["neither key nor path", { web: { ...good, configKey: undefined } }, "web.configKey"],
    ["both key and path", { web: { ...good, configPath: "a.b" } }, "web.configKey"],
    ["an unknown strategy", { web: { ...good, strategy: "magic" } }, "web.strategy"],
    ["min over max", { web: { ...good, min: 51 } }, "web.min"],
    ["a negative min", { web: { ...good, min: -1 } }, "web.min"],
    ["a fraction", { web: { ...good, max: 1.5 } }, "web.max"],
    ["a number as text", { web: { ...good, max: "50" } }, "web.max"],
    ["a missing cooldown", { web: { ...good, cooldown: undefined } }, "web.cooldown"],
    [
      "a threshold that is no percentage",
      { web: { ...good, approval: { above: "half" } } },
      "web.approval.above",
    ],
    ["an alias that is no name", { web: { ...good, aliases: ["a b"] } }, "web.aliases.0"],
    ["two pools in one place", { web: good, api: good }, "api.configKey"],
  ])("names what is wrong with %s, with the path", (_, output, path) => {
    const { problems } = parseContract(output);
    expect(problems.map((problem) => problem.path)).toContain(path);
    expect(problems[0]?.message).not.toBe("");
  });

  it("knows one place in the stack file by all its names", () => {
    const { contract, problems } = parseContract(
      { web: good, api: { ...good, configKey: "shop:workerCount" } },
      "shop",
    );
    expect([...contract.keys()]).toEqual(["web"]);
    expect(problems.map(({ path }) => path)).toEqual(["api.configKey"]);
  });

  it.each([
    ["configKey", "a:b:c:d"],
    ["configPath", "a[b"],
  ])("names a %s that is none", (field, text) => {
    const { configKey: _, ...rest } = good;
    expect(parseContract({ web: { ...rest, [field]: text } }).problems.map(({ path }) => path)).toEqual([
      `web.${field}`,
    ]);
  });

  it("serves the good pools beside a bad one", () => {
    const { contract, problems } = parseContract({ web: good, bad: { ...good, max: null } });
    expect([...contract.keys()]).toEqual(["web"]);
    expect(problems.map(({ path }) => path)).toEqual(["bad.max"]);
  });

  it("refuses a former name that is another pool's", () => {
    const { contract, problems } = parseContract({
      web: { ...good, aliases: ["web", "www", "api"] },
      api: { ...good, configKey: "apiCount" },
      old: { ...good, configKey: "oldCount", aliases: ["www"] },
    });
    expect([...contract.keys()]).toEqual(["api"]);
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      "web.aliases.2: the pool api has the name api",
      "old.aliases.0: the pool web has the name www",
    ]);
  });

  it("warns of fields that it does not know", () => {
    const { contract, warnings } = parseContract({ web: { ...good, coolDown: 5, approval: { abvoe: 3 } } });
    expect(contract.size).toBe(1);
    expect(warnings.map(({ path }) => path)).toEqual(["web.coolDown", "web.approval.abvoe"]);
  });
});
