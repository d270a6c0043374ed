import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ContractError, formatFinding } from "../../src/apply/read-contract.ts";
import { parseContract } from "../../src/domain/contract.ts";

const folder = fileURLToPath(new URL("../../fixtures/contracts", import.meta.url));
const read = (file: string): unknown => JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
const names = (kind: string) => readdirSync(`${folder}/${kind}`).map((file) => file.replace(/\.json$/, ""));

describe("a contract", () => {
  it.each(names("valid"))("%s is good", (name) => {
    const { contract, problems } = parseContract(read(`valid/${name}.json`));
    expect(problems).toEqual([]);
    expect(contract.size).toBe(1);
  });

  const problemOf: Record<string, string> = {
    "min-over-max": "pulumiscale.pool.min: min is larger than max",
    fraction: "pulumiscale.pool.max: ",
    "negative-min": "pulumiscale.pool.min: ",
    "no-target": "pulumiscale.pool.targetUrn: ",
    "empty-target-list": "pulumiscale.pool.targetUrn: ",
    "key-and-path": "pulumiscale.pool.configKey: give either configKey or configPath",
    "neither-key-nor-path": "pulumiscale.pool.configKey: give either configKey or configPath",
    "unknown-strategy": "pulumiscale.pool.strategy: ",
    "bad-name": 'pulumiscale."1-pool": a pool\'s name starts with a letter',
    "bad-percentage": "pulumiscale.pool.approval.above: ",
    "step-of-zero": "pulumiscale.pool.step: ",
    "cooldown-in-words": "pulumiscale.pool.cooldown: ",
    "two-pools-one-key": "pulumiscale.second.configKey: the pool first has the same place",
    "a-list": "pulumiscale: the output `pulumiscale` is not a record",
    empty: "pulumiscale: the output `pulumiscale` holds no pool",
    secret: "pulumiscale: the output `pulumiscale` is secret",
  };

  it("has an expectation for every bad example", () => {
    expect(names("invalid").sort()).toEqual(Object.keys(problemOf).sort());
  });

  it.each(Object.entries(problemOf))("%s is named with its path: %s", (name, start) => {
    const { problems } = parseContract(read(`invalid/${name}.json`));
    expect(problems.map(formatFinding)).toContainEqual(expect.stringContaining(start));
    expect(new ContractError("prod", problems).message).toContain(start);
  });

  it("warns of a field that nobody knows", () => {
    const { warnings } = parseContract(read("valid/another-namespace-and-unknown-field.json"));
    expect(warnings.map(formatFinding)).toEqual(["pulumiscale.web.owner: unknown field, ignored"]);
  });
});
