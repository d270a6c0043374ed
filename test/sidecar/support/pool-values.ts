import { writeFile } from "node:fs/promises";
import type { Contract, Pool } from "../../../src/domain/contract.ts";
import { editPoolValues, readPoolValue } from "../../../src/domain/stack-file.ts";
import { type Program, poolValueIn } from "./program.ts";

export type PoolValues = Readonly<Record<string, number>>;

/** The values that stand in the stack file, of every pool of the contract. Throws where one cannot be read. */
export async function readStackValues(program: Program, contract: Contract): Promise<PoolValues> {
  const text = await program.readStackFile();
  const entries = [...contract.values()].map(({ name, location }) => {
    const read = readPoolValue(text, { ...location, project: program.project });
    if (read.kind === "refused") throw new Error(read.refusal.message);
    return [name, read.value];
  });
  return Object.fromEntries(entries);
}

/** Writes values into the stack file, as a person would who changes nothing else. Nothing is committed. */
export async function writeStackValues(
  program: Program,
  contract: Contract,
  values: PoolValues,
): Promise<void> {
  const edits = Object.entries(values).map(([name, value]) => ({
    location: { ...poolOf(contract, name).location, project: program.project },
    value,
  }));
  const edited = editPoolValues(await program.readStackFile(), edits);
  if (edited.kind === "refused") throw new Error(edited.refusal.message);
  await writeFile(program.stackFile, edited.text);
}

/** What Pulumi's state has for these pools, in one read. */
export async function readBackendValues(program: Program, names: readonly string[]): Promise<PoolValues> {
  const exported = await program.pulumi("stack", "export", "--stack", program.stack);
  return Object.fromEntries(names.map((name) => [name, poolValueIn(exported, name)]));
}

/** A bare `pulumi up` of a pool's targets; answers what it printed. */
export async function upTarget(program: Program, contract: Contract, name: string): Promise<string> {
  const targets = poolOf(contract, name).targetUrns.flatMap((urn) => ["--target", urn]);
  return await program.pulumi("up", "--yes", "--skip-preview", "--stack", program.stack, ...targets);
}

function poolOf(contract: Contract, name: string): Pool {
  const pool = contract.get(name);
  if (pool === undefined) throw new Error(`the contract has no pool ${name}`);
  return pool;
}
