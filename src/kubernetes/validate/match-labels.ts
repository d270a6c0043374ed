import type { Requirement, Selector } from "../detect/kube-objects.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether a selector means these labels; an empty one means all. */
export function matchesSelector({ matchLabels, matchExpressions }: Selector, labels: Labels): boolean {
  const isEqual = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return isEqual && matchesAll(matchExpressions, labels);
}

/** As node and label selectors are read. An operator that nobody knows matches nothing. */
export function matchesAll(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      case "Gt":
        return value !== undefined && toNumber(value) > toNumber(values[0]);
      case "Lt":
        return value !== undefined && toNumber(value) < toNumber(values[0]);
      default:
        return false;
    }
  });
}

function toNumber(text: string | undefined): number {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
