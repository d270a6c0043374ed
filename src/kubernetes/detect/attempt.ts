import type { ClusterErrorCode } from "../cluster/cluster-error.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import type { Finding } from "../finding.ts";

/**
 * Null, with a finding, where a cluster answers that it does not say. An error is thrown where no answer comes, and where `only` names
 * other codes than its own.
 */
export async function attempt<T>(
  unchecked: Finding[],
  subject: string,
  read: () => Promise<T>,
  only: readonly ClusterErrorCode[] | null = null,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    throwUnlessAnswered(error);
    if (!(error instanceof ClusterError) || (only !== null && !only.includes(error.code))) throw error;
    const message = `${subject} could not be checked. ${error.message}`;
    // One reason is one finding, whatever it keeps from being checked.
    if (!unchecked.some((finding) => finding.message === message)) {
      unchecked.push({ kind: "risk", code: "not-checked", subject, message, numbers: {} });
    }
    return null;
  }
}

/** Goes on where the cluster has answered, whatever it said. */
export function throwUnlessAnswered(error: unknown): void {
  if (!(error instanceof ClusterError) || isSilence(error)) throw error;
}

/** Whether no answer came, or none to who asks. */
export function isSilence({ code }: ClusterError): boolean {
  return SILENT.includes(code);
}

const SILENT: readonly ClusterErrorCode[] = ["kubeconfig", "unreachable", "timeout", "unauthorized"];
