import { CheckoutError } from "../../apply/checkout.ts";
import { PulumiMissingError, PulumiReadError, StackBusyError } from "../../apply/pulumi-errors.ts";
import { LedgerError } from "../../apply/trusted-entry.ts";
import { TryAgainError } from "../../workflows/scaling.ts";
import { toTryAgain } from "../../workflows/to-try-again.ts";

const MAY_PASS = [CheckoutError, LedgerError, PulumiMissingError, PulumiReadError, StackBusyError];
const RETRY_AFTER_SECONDS = 15;

/**
 * Does what an answer needs of git and Pulumi. Throws `TryAgainError` where they cannot be asked now, with their sentence as
 * `redact` leaves it, and what else was thrown as it is.
 */
export async function orComeAgain<T>(read: () => Promise<T>, redact: (text: string) => string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const mayPass = MAY_PASS.find((kind) => error instanceof kind);
    if (mayPass === undefined || !(error instanceof Error)) throw toTryAgain(error);
    throw new TryAgainError(redact(error.message), RETRY_AFTER_SECONDS, { cause: error });
  }
}
