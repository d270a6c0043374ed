import { z } from "zod";
import { PoolName } from "./names.ts";
import { parsePoolLocation } from "./stack-config-key.ts";

const Count = z.int().min(0).max(1_000_000);
const Seconds = z
  .int()
  .min(0)
  .max(30 * 24 * 3600);

/** A number of units, or a percentage such as `"50%"`. */
export const CountOrPercent = z.union([
  Count,
  z.string().regex(/^(\d{1,4})%$/, 'a count, or a percentage such as "50%"'),
]);

/** How many units a count or a percentage means, of a whole; a fraction of a unit does not count. */
export function countOf(countOrPercent: number | string, whole: number): number {
  return typeof countOrPercent === "number"
    ? countOrPercent
    : Math.floor((whole * Number.parseInt(countOrPercent, 10)) / 100);
}

/** When a change waits for a person: over a value, over a size of change. */
export const Approval = z.object({
  /** A value above this waits; a percentage is of the pool's max. */
  above: CountOrPercent.optional(),
  /** A change by more than this waits; a percentage is of the current value. */
  changeOver: CountOrPercent.optional(),
  /** Scale to the threshold now and ask for the rest. */
  partial: z.boolean().optional(),
});
export type Approval = z.infer<typeof Approval>;

const PoolOutput = z
  .object({
    targetUrn: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    configKey: z.string().min(1).optional(),
    configPath: z.string().min(1).optional(),
    strategy: z.enum(["incremental", "absolute"]),
    min: Count,
    max: Count,
    cooldown: Seconds,
    scaleInCooldown: Seconds.optional(),
    step: z.int().min(1).max(1_000_000).default(1),
    targetDependents: z.boolean().default(false),
    approval: Approval.optional(),
    unitCost: z
      .object({ amount: z.number().min(0), currency: z.string().max(8), per: z.literal("hour") })
      .optional(),
    aliases: z.array(PoolName).default([]),
  })
  .refine((pool) => pool.min <= pool.max, { message: "min is larger than max", path: ["min"] })
  .refine((pool) => (pool.configKey === undefined) !== (pool.configPath === undefined), {
    message: "give either configKey or configPath",
    path: ["configKey"],
  });

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(PoolOutput.shape));

/** A named thing that grows and shrinks, as the Pulumi program declares it. Counts are units, durations seconds. */
export type Pool = {
  name: string;
  targetUrns: string[];
  /** Where the value stands in the stack file: a config key, or a Pulumi property path. */
  location: { configKey: string } | { configPath: string };
  strategy: "incremental" | "absolute";
  min: number;
  max: number;
  cooldownSeconds: number;
  scaleInCooldownSeconds: number;
  step: number;
  targetDependents: boolean;
  approval: Approval | undefined;
  unitCost: { amount: number; currency: string; per: "hour" } | undefined;
  aliases: string[];
};

export type Contract = ReadonlyMap<string, Pool>;

/** A thing that is wrong in a contract, with the path inside it: `worker-pool.min`. */
export type ContractFinding = { path: string; message: string };

export type ParsedContract = { contract: Contract; problems: ContractFinding[]; warnings: ContractFinding[] };

/**
 * Reads the stack output `pulumiscale` (an unknown value, as `pulumi stack output --json` prints it).
 * `project` is what a `configKey` without a namespace means.
 * A bad pool is named in `problems` and left out; the good ones are served. Unknown fields only warn.
 */
export function parseContract(output: unknown, project = ""): ParsedContract {
  if (output === undefined || output === null) {
    return failed(
      "",
      "the stack has no output `pulumiscale`; export one record of pools from the Pulumi program",
    );
  }
  if (output === "[secret]") {
    return failed(
      "",
      "the output `pulumiscale` is secret; a contract is public: take the secret value out of it",
    );
  }
  const record = z.record(z.string(), z.unknown()).safeParse(output);
  if (!record.success || Array.isArray(output)) {
    return failed("", "the output `pulumiscale` is not a record from pool name to pool");
  }
  const contract = new Map<string, Pool>();
  const problems: ContractFinding[] = [];
  const warnings: ContractFinding[] = [];
  const owners = new Map<string, string>();
  for (const [name, value] of Object.entries(record.data)) {
    const found = parsePool(name, value);
    if (found.kind === "bad") {
      problems.push(...found.problems);
      continue;
    }
    warnings.push(...unknownFields(name, value));
    const location = parsePoolLocation({ ...found.pool.location, project });
    if (location.kind === "bad-path") {
      const field = "configKey" in found.pool.location ? "configKey" : "configPath";
      problems.push({ path: `${name}.${field}`, message: location.problem });
      continue;
    }
    // The same place may be written in several ways: `web`, `shop:web`, `shop:config:web`.
    const place = JSON.stringify([location.key, location.segments]);
    const owner = owners.get(place);
    if (owner !== undefined) {
      problems.push({
        path: `${name}.configKey`,
        message: `the pool ${owner} has the same place in the stack file`,
      });
      continue;
    }
    owners.set(place, name);
    contract.set(name, found.pool);
  }
  for (const clash of findNameClashes(contract)) {
    problems.push(clash.problem);
    contract.delete(clash.pool);
  }
  if (contract.size === 0 && problems.length === 0) {
    problems.push({ path: "", message: "the output `pulumiscale` holds no pool" });
  }
  return { contract, problems, warnings };
}

/** How long after the newest change a further move of the pool waits, in seconds. */
export function cooldownSeconds(pool: Pool, direction: "up" | "down"): number {
  return direction === "down" ? pool.scaleInCooldownSeconds : pool.cooldownSeconds;
}

type FoundPool = { kind: "good"; pool: Pool } | { kind: "bad"; problems: ContractFinding[] };

function parsePool(name: string, value: unknown): FoundPool {
  const goodName = PoolName.safeParse(name);
  if (!goodName.success) {
    const message = goodName.error.issues[0]?.message ?? "a bad name";
    return { kind: "bad", problems: [{ path: JSON.stringify(name.slice(0, 80)), message }] };
  }
  const parsed = PoolOutput.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      path: [name, ...issue.path].map(String).join("."),
      message: issue.message,
    }));
    return { kind: "bad", problems };
  }
  const { targetUrn, configKey, configPath, cooldown, scaleInCooldown, approval, unitCost, ...rest } =
    parsed.data;
  const pool: Pool = {
    ...rest,
    name,
    targetUrns: typeof targetUrn === "string" ? [targetUrn] : targetUrn,
    location: configKey === undefined ? { configPath: configPath ?? "" } : { configKey },
    cooldownSeconds: cooldown,
    scaleInCooldownSeconds: scaleInCooldown ?? cooldown,
    approval,
    unitCost,
  };
  return { kind: "good", pool };
}

const Fields = z.record(z.string(), z.unknown());

/** A former name that is another pool's name too: who is meant by it would be left to chance. */
function findNameClashes(contract: Contract): { pool: string; problem: ContractFinding }[] {
  const clashes: { pool: string; problem: ContractFinding }[] = [];
  const owners = new Map([...contract.keys()].map((name) => [name, name]));
  for (const { name, aliases } of contract.values()) {
    for (const [index, alias] of aliases.entries()) {
      const owner = owners.get(alias);
      if (owner === undefined) owners.set(alias, name);
      else if (owner !== name) {
        const message = `the pool ${owner} has the name ${alias}`;
        clashes.push({ pool: name, problem: { path: `${name}.aliases.${index}`, message } });
      }
    }
  }
  return clashes;
}

function unknownFields(name: string, value: unknown): ContractFinding[] {
  const pool = Fields.safeParse(value);
  if (!pool.success) return [];
  const approval = Fields.safeParse(pool.data.approval);
  const names = [
    ...Object.keys(pool.data).filter((field) => !KNOWN_FIELDS.has(field)),
    ...Object.keys(approval.data ?? {})
      .filter((field) => !Object.hasOwn(Approval.shape, field))
      .map((field) => `approval.${field}`),
  ];
  return names.map((field) => ({ path: `${name}.${field.slice(0, 80)}`, message: "unknown field, ignored" }));
}

function failed(path: string, message: string): ParsedContract {
  return { contract: new Map(), problems: [{ path, message }], warnings: [] };
}
