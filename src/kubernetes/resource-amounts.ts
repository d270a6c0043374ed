import type { Resources } from "./scale-input.ts";

/** What a plan gives of resources, by the names of Kubernetes; what it does not give is left out. */
export function resourceAmounts({ cpu, mem }: Partial<Record<keyof Resources, string | undefined>>): {
  cpu?: string;
  memory?: string;
} {
  return { ...(cpu !== undefined && { cpu }), ...(mem !== undefined && { memory: mem }) };
}
