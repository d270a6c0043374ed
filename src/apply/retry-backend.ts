import { PulumiReadError } from "./pulumi-errors.ts";
import type { RetryPace } from "./retry-concurrent.ts";

const RETRIES = 4;
const FIRST_WAIT_MS = 1_000;

/** What waiting does not mend: a name, a passphrase, a right. A folder that is missing is told apart by the error itself. */
const FINAL =
  /no stack named|not found|passphrase|not logged in|access token|unauthori[sz]ed|forbidden|access ?denied|unknown (stack|backend)|could not (find|read) .*Pulumi\.ya?ml|unable to parse|unmarshal/i;

/**
 * Does the read, and a few times again while the backend cannot be reached: after 1, 2, 4 and 8 s. `tell` hears of each wait. Throws
 * what the read threw last; a failure that waiting does not mend at once.
 */
export async function retryBackend<T>(
  read: () => Promise<T>,
  pace: RetryPace,
  tell: (sentence: string) => void,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PulumiReadError) || isFinal(error) || attempt === RETRIES) throw error;
      const waitMs = FIRST_WAIT_MS * 2 ** attempt;
      tell(`${error.message} It is tried again in ${waitMs / 1000} s.`);
      await pace.wait(waitMs, signal);
    }
  }
}

/** Going by Pulumi's words alone: our advice names passphrases too. */
function isFinal({ isFolderMissing, reason }: PulumiReadError): boolean {
  return isFolderMissing || FINAL.test(reason);
}
