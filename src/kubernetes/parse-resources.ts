import { ArgumentMistake } from "./argument-mistake.ts";
import { parseCount, parsePairs } from "./parse-pairs.ts";
import { ONE_UNIT, parseQuantity } from "./quantity.ts";
import type { Argument } from "./read-flags.ts";
import { type Hpa, type Resources, VPA_MODES, type Vpa } from "./scale-input.ts";

/** Reads `workloadName:cpu=500m,mem=1Gi` of `--req` and `--lim`. Throws `ArgumentMistake`. */
export function parseResources(argument: Argument): { name: string; resources: Resources } {
  const expected =
    "expected <name>:cpu=<quantity>,mem=<quantity>, one of them or both, as in web:cpu=500m,mem=1Gi.";
  const { name, text } = splitName(argument, expected);
  const { cpu, mem } = parsePairs(argument, text, "=", ["cpu", "mem"], expected);
  return { name, resources: readResources(argument, cpu, mem) };
}

/** Reads `min:4,max:12,cpu:65` of `--hpa`. Throws `ArgumentMistake`. */
export function parseHpa(argument: Argument): Hpa {
  const expected =
    "expected min:<n>,max:<n>,cpu:<percent>, each from 1 and min at most max, as in min:4,max:12,cpu:65.";
  const pairs = parsePairs(argument, argument.value, ":", ["min", "max", "cpu"], expected);
  const [min, max, targetCPU] = [pairs.min, pairs.max, pairs.cpu].map((text) => parseCount(text ?? ""));
  if (!min || !max || !targetCPU || min > max) throw new ArgumentMistake(argument.given, expected);
  return { min, max, targetCPU };
}

/** Reads `workloadName:mode=Auto,max-mem=4Gi` of `--vpa`. Throws `ArgumentMistake`. */
export function parseVpa(argument: Argument): { name: string; vpa: Vpa } {
  const expected = `expected <name>:mode=${VPA_MODES.join("|")}, and where it is to be bounded min-cpu, max-cpu, min-mem, max-mem with a quantity.`;
  const { name, text } = splitName(argument, expected);
  const keys = ["mode", "min-cpu", "max-cpu", "min-mem", "max-mem"] as const;
  const pairs = parsePairs(argument, text, "=", keys, expected);
  const mode = VPA_MODES.find((known) => known === pairs.mode);
  if (mode === undefined) throw new ArgumentMistake(argument.given, expected);
  const min = readResources(argument, pairs["min-cpu"], pairs["min-mem"]);
  const max = readResources(argument, pairs["max-cpu"], pairs["max-mem"]);
  const over = findOver(min, max);
  if (over !== null) throw new ArgumentMistake(argument.given, `its least ${over} is over its most.`);
  const bounds = { ...(isEmpty(min) ? {} : { min }), ...(isEmpty(max) ? {} : { max }) };
  return { name, vpa: { mode, ...bounds } };
}

/** What `lower` has more of than `upper` allows; null where nothing. */
export function findOver(lower: Resources, upper: Resources): "cpu" | "mem" | null {
  const isOver = (key: "cpu" | "mem") => {
    const [least, most] = [lower[key], upper[key]].map((text) =>
      text === undefined ? null : parseQuantity(text),
    );
    return least != null && most != null && least > most;
  };
  return isOver("cpu") ? "cpu" : isOver("mem") ? "mem" : null;
}

function splitName({ given, value }: Argument, expected: string): { name: string; text: string } {
  const end = value.indexOf(":");
  if (end < 1) throw new ArgumentMistake(given, expected);
  return { name: value.slice(0, end), text: value.slice(end + 1) };
}

function readResources({ given }: Argument, cpu: string | undefined, mem: string | undefined): Resources {
  for (const [key, text] of Object.entries({ cpu, mem })) {
    if (text === undefined) continue;
    const quantity = parseQuantity(text);
    if (quantity === null || quantity < 0n) {
      throw new ArgumentMistake(
        given,
        `${key} has to be a Kubernetes quantity from 0, as 500m, 0.5, 1Gi or 1e3.`,
      );
    }
    if (quantity > LARGEST)
      throw new ArgumentMistake(given, `${key} is over 2^63-1; Kubernetes has no quantities over that.`);
  }
  return { ...(cpu === undefined ? {} : { cpu }), ...(mem === undefined ? {} : { mem }) };
}

const LARGEST = (2n ** 63n - 1n) * ONE_UNIT;

function isEmpty(resources: Resources): boolean {
  return resources.cpu === undefined && resources.mem === undefined;
}
