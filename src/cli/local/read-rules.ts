import { type OwnContract, readOwnContract } from "../../apply/read-contract.ts";
import { retryBackend } from "../../apply/retry-backend.ts";
import { realPace } from "../../apply/retry-concurrent.ts";
import { readWebhookSecrets } from "../../apply/webhook-secrets.ts";
import type { LocalOutside } from "./flags.ts";
import type { LocalProgram } from "./open-program.ts";

/** Reads the contract from the stack's outputs, and again for a while where the backend does not answer. Throws `ContractError` and `PulumiReadError`. */
export function readContract(program: LocalProgram, outside: LocalOutside): Promise<OwnContract> {
  const settings = { ...program.engine, workDir: program.workDir };
  const read = () => readOwnContract(program.stack, settings);
  return retryBackend(read, realPace, outside.tell, outside.signal);
}

/** Reads the webhook secrets; from then on nothing that is told holds one. Throws `WebhookSecretError` and `PulumiReadError`. */
export async function readSecrets(program: LocalProgram, outside: LocalOutside): Promise<string[]> {
  const settings = { ...program.engine, workDir: program.workDir };
  const read = () => readWebhookSecrets(program.stack, settings);
  const secrets = await retryBackend(read, realPace, outside.tell, outside.signal);
  for (const secret of secrets) outside.hide(secret);
  return secrets;
}
