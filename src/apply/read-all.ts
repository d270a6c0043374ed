import { CheckoutError } from "./checkout.ts";
import { ContractError } from "./read-contract.ts";
import { LedgerError } from "./trusted-entry.ts";
import { WebhookSecretError } from "./webhook-secrets.ts";

/** Several things are missing, or wrong, at once: the message has the sentences of each. */
export class SeveralMissingError extends Error {
  readonly code = "several-missing";
  constructor(missing: readonly Error[]) {
    const list = missing.map(({ message }, index) => `${index + 1}. ${message}`);
    super(`${missing.length} things are missing:\n${list.join("\n")}`);
    this.name = "SeveralMissingError";
  }
}

/**
 * Waits for all of it. Where several things are missing or wrong, they are thrown as one error, so that a person meets them in one run.
 * What could not be read at all is thrown alone: nobody knows what else it hides.
 */
export async function readAll<T extends readonly unknown[]>(
  reading: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  const failures = (await Promise.allSettled(reading)).flatMap((read) =>
    read.status === "rejected" ? [read.reason] : [],
  );
  const missing = failures.filter(isMissing);
  if (missing.length > 1 && missing.length === failures.length) throw new SeveralMissingError(missing);
  const unread = failures.find((error) => !isMissing(error)) ?? failures[0];
  if (unread !== undefined) throw unread;
  return Promise.all(reading);
}

function isMissing(error: unknown): error is Error {
  return [ContractError, WebhookSecretError, CheckoutError, LedgerError].some(
    (kind) => error instanceof kind,
  );
}
