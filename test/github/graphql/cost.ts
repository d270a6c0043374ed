import { Kind, type OperationDefinitionNode, type SelectionSetNode } from "graphql";

/**
 * The points that a query costs, by GitHub's rule: the requests that filling its connections would take, each level
 * multiplied by the ones above it, over 100, at least 1. Fragments are counted where they stand inline.
 */
export function estimateCost(
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  if (operation.operation === "mutation") return 1;
  return Math.max(1, Math.round(countRequests(operation.selectionSet, 1, variables) / 100));
}

function countRequests(
  selections: SelectionSetNode,
  multiplier: number,
  variables: Readonly<Record<string, unknown>>,
): number {
  let requests = 0;
  for (const node of selections.selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD || node.selectionSet === undefined) continue;
    const size = node.kind === Kind.FIELD ? pageSize(node.arguments ?? [], variables) : null;
    requests += size === null ? 0 : multiplier;
    requests += countRequests(node.selectionSet, size === null ? multiplier : multiplier * size, variables);
  }
  return requests;
}

function pageSize(
  args: readonly { readonly name: { readonly value: string }; readonly value: { readonly kind: string } }[],
  variables: Readonly<Record<string, unknown>>,
): number | null {
  const arg = args.find(({ name }) => name.value === "first" || name.value === "last");
  if (arg === undefined) return null;
  const { value } = arg;
  if (value.kind === Kind.INT && "value" in value) return Number(value.value);
  if (value.kind === Kind.VARIABLE && "name" in value && isNamed(value.name))
    return Number(variables[value.name.value] ?? 1);
  return 1;
}

function isNamed(value: unknown): value is { readonly value: string } {
  return typeof value === "object" && value !== null && "value" in value && typeof value.value === "string";
}
