import { ArgumentMistake } from "./argument-mistake.ts";
import { isSubdomainName, NAME_RULE } from "./kubernetes-name.ts";
import { parseCount, parsePairs } from "./parse-pairs.ts";
import type { Argument } from "./read-flags.ts";
import type { Workload } from "./scale-input.ts";
import { KIND_RULE, parseWorkloadKind, type WorkloadKind } from "./workload-kind.ts";

/** A workload as it is named on the command line, and what its kind takes. */
export type NamedWorkload = { argument: Argument; kind: WorkloadKind; workload: Workload };

/** Reads `--workload=Kind:name:replicas`; without replicas where only its resources change. Throws `ArgumentMistake`. */
export function parseWorkload(argument: Argument): NamedWorkload {
  const { given, value } = argument;
  const [kindText = "", name, change, ...more] = value.split(":");
  if (name === undefined || more.length > 0) throw new ArgumentMistake(given, EXPECTED);
  const kind = parseWorkloadKind(kindText);
  if (kind === null) throw new ArgumentMistake(given, `there is no such kind; expected ${KIND_RULE}.`);
  if (!isSubdomainName(name) || name.length > kind.longestName) {
    throw new ArgumentMistake(given, `expected ${NAME_RULE} of at most ${kind.longestName} characters.`);
  }
  const { apiGroup } = kind;
  const named = { kind: kind.kind, ...(apiGroup === null ? {} : { apiGroup }), name };
  return { argument, kind, workload: { ...named, ...parseChange(argument, kind, change) } };
}

function parseChange(
  argument: Argument,
  kind: WorkloadKind,
  change: string | undefined,
): Pick<Workload, "replicas" | "schedule"> {
  if (change === undefined) return {};
  if (kind.kind === "CronJob" && change.includes("=")) return { schedule: parseSchedule(argument, change) };
  if (kind.replicas !== null) throw new ArgumentMistake(argument.given, `${kind.replicas}.`);
  const replicas = parseCount(change);
  if (replicas === null) throw new ArgumentMistake(argument.given, EXPECTED);
  return { replicas };
}

function parseSchedule(argument: Argument, change: string): NonNullable<Workload["schedule"]> {
  const pairs = parsePairs(argument, change, "=", ["suspend", "parallelism"], CRON_EXPECTED);
  const parallelism = pairs.parallelism === undefined ? null : parseCount(pairs.parallelism);
  const isBad = pairs.suspend !== undefined && !["true", "false"].includes(pairs.suspend);
  if (isBad || (pairs.parallelism !== undefined && parallelism === null)) {
    throw new ArgumentMistake(argument.given, CRON_EXPECTED);
  }
  return {
    ...(pairs.suspend === undefined ? {} : { suspend: pairs.suspend === "true" }),
    ...(parallelism === null ? {} : { parallelism }),
  };
}

const EXPECTED =
  "expected --workload=<Kind>:<name>:<replicas>, the replicas a whole number from 0 to 2147483647, as in --workload=Deployment:web:6.";
const CRON_EXPECTED =
  "expected --workload=CronJob:<name>:suspend=true|false,parallelism=<n>, as in --workload=CronJob:report:suspend=true.";
