import { ArgumentMistake } from "./argument-mistake.ts";

/** An argument with a value: as it was given, and what stands after its `=`. */
export type Argument = { given: string; value: string };

/** The arguments by name, in their order. `switches` are those that take no value. */
export type Flags = { switches: ReadonlySet<string>; values: ReadonlyMap<string, readonly Argument[]> };

/** Takes the command line apart. Throws `ArgumentMistake` for an argument that there is not, and for one given twice that is given once. */
export function parseFlags(args: readonly string[]): Flags {
  const switches = new Set<string>();
  const values = new Map<string, Argument[]>();
  // Some package managers hand on the `--` that parts a script's arguments from their own.
  for (const given of args[0] === "--" ? args.slice(1) : args) {
    const end = given.indexOf("=");
    const name = given === "-h" ? "--help" : end === -1 ? given : given.slice(0, end);
    if (SWITCHES.includes(name)) {
      if (end !== -1) throw new ArgumentMistake(given, `${name} takes no value.`);
      switches.add(name);
      continue;
    }
    const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
    if (form === undefined) throw new ArgumentMistake(given, `there is no such argument; expected ${KNOWN}.`);
    if (end === -1) throw new ArgumentMistake(given, `expected ${name}=${form}.`);
    const before = values.get(name) ?? [];
    if (before.length > 0 && !REPEATED.includes(name))
      throw new ArgumentMistake(given, `${name} is given twice.`);
    values.set(name, [...before, { given, value: given.slice(end + 1) }]);
  }
  return { switches, values };
}

const SWITCHES: readonly string[] = ["--dry-run", "--apply", "--offline", "--strict", "--help"];

/** What stands after `=`. */
export const FORMS: Readonly<Record<string, string>> = {
  "--target": "<env>",
  "--namespace": "<ns>",
  "--autoscaling": "hpa|none",
  "--branch": "<name>",
  "--workload": "<Kind>:<name>:<replicas>",
  "--req": "<name>:cpu=<quantity>,mem=<quantity>",
  "--lim": "<name>:cpu=<quantity>,mem=<quantity>",
  "--hpa": "min:<n>,max:<n>,cpu:<percent>",
  "--vpa": "<name>:mode=<mode>,min-cpu=<quantity>,max-cpu=<quantity>,min-mem=<quantity>,max-mem=<quantity>",
  "--context": "<context>, or <name>:<context>",
  "--kubeconfig": "<file>",
  "--prices": "<file>",
};

const REPEATED: readonly string[] = ["--workload", "--req", "--lim", "--vpa", "--context"];
const KNOWN = [...SWITCHES, ...Object.entries(FORMS).map(([name, form]) => `${name}=${form}`)].join(", ");
