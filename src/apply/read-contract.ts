import { z } from "zod";
import { type Contract, type ContractFinding, parseContract } from "../domain/contract.ts";
import type { PulumiSettings } from "./pulumi-process.ts";
import { readOutputs } from "./targeted-update.ts";

/** The stack's own output `pulumiscale`: as it is, and as it is understood. */
export type OwnContract = {
  output: Record<string, unknown>;
  contract: Contract;
  warnings: ContractFinding[];
};

/** The stack's contract cannot be used; the sentence names each problem with its path. */
export class ContractError extends Error {
  readonly code = "contract";
  constructor(stack: string, problems: readonly ContractFinding[]) {
    super(
      `The contract of the stack ${stack} has no pool that can be used:\n${problems.map(formatFinding).join("\n")}\n` +
        "Correct the output `pulumiscale` of the Pulumi program and run a full `pulumi up`.",
    );
    this.name = "ContractError";
  }
}

/**
 * Reads the contract from the stack's own outputs, the only source of a pool's rules. Bad pools are left out, and named
 * among the warnings. Throws `ContractError` where none is good, and `PulumiReadError`.
 */
export async function readOwnContract(stack: string, settings: PulumiSettings): Promise<OwnContract> {
  const outputs = await readOutputs(stack, settings);
  const { contract, problems, warnings } = parseContract(outputs.pulumiscale);
  const record = z.record(z.string(), z.unknown()).safeParse(outputs.pulumiscale);
  if (contract.size === 0 || !record.success) throw new ContractError(stack, problems);
  return { output: record.data, contract, warnings: [...problems, ...warnings] };
}

/** A finding as one line: the path inside the output, and what is wrong there. */
export function formatFinding({ path, message }: ContractFinding): string {
  return `pulumiscale${path === "" ? "" : `.${path}`}: ${message}`;
}
