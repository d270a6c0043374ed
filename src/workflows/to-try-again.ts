import { ForgeError } from "../forge/forge.ts";
import { TryAgainError } from "./scaling.ts";

/** What GitHub could not do now may work at the sender's next try; the sentence says what a person could do meanwhile. */
export function toTryAgain(error: unknown): unknown {
  if (!(error instanceof ForgeError)) return error;
  return new TryAgainError(error.message, error.retryAfterSeconds ?? (error.code === "conflict" ? 2 : 15), {
    cause: error,
  });
}
