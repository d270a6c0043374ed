import { quoteText } from "../cluster/quote-text.ts";
import { type ActionState, canonical } from "./action-state.ts";
import { isTree, type Tree } from "./owned-fields.ts";

/**
 * What the API server would make of a change beside what is asked for, in sentences; null where it takes it as it is. That is the work of an
 * admission webhook or policy: what it makes anew with each write can be neither applied as planned nor told from somebody else's change.
 */
export function tellAdmission(subject: string, asked: ActionState, made: ActionState): string | null {
  const all = findDifferences(asked, made, []);
  if (all.length === 0) return null;
  const shown = all.slice(0, SHOWN).map((difference) => quoteText(difference, 200));
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
  return `An admission webhook or policy of the cluster changes what the plan makes of ${subject}: ${shown.join(", ")}${more}. Plan what it lets stand, or have it leave ${subject} alone.`;
}

const SHOWN = 5;

/** Each as `containers.main.requests.cpu: 100m → 250m`. */
function findDifferences(one: unknown, other: unknown, path: readonly string[]): string[] {
  const key = path.at(-1) ?? "";
  if (canonical(one, key) === canonical(other, key)) return [];
  const [left, right] = [partsOf(one), partsOf(other)];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  const inner = [...names].flatMap((name) => findDifferences(left[name], right[name], [...path, name]));
  return inner.length > 0 ? inner : [`${path.join(".")}: ${show(one)} → ${show(other)}`];
}

/** Of an object its fields, and of a list of what has names each by its own; none of any other value. */
function partsOf(value: unknown): Tree {
  if (!Array.isArray(value)) return isTree(value) ? value : {};
  const items: unknown[] = value;
  const named = items.flatMap((item) =>
    isTree(item) && typeof item.name === "string" ? [[item.name, item] as const] : [],
  );
  return named.length === items.length ? Object.fromEntries(named) : {};
}

function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
