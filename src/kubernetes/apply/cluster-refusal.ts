import { ClusterError } from "../cluster/cluster-error.ts";

/** What a cluster answers, or why it refuses that. Throws where it said nothing of what was asked. */
export async function orRefusal<T>(ask: () => Promise<T>): Promise<T | ClusterError> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ClusterError && !isOutage(error)) return error;
    throw error;
  }
}

/** Whether the cluster said nothing of what was asked, so that the same may work later. */
export function isOutage(error: ClusterError): boolean {
  return ["unreachable", "timeout", "busy", "unauthorized"].includes(error.code);
}

/** The sentence without its full stop, to go on. */
export function bare(error: ClusterError): string {
  return error.message.replace(/\.$/, "");
}
