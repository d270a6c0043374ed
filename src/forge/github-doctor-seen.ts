import type { Seen } from "../domain/doctor-facts.ts";

/** Reads a thing that GitHub may keep from who asks. Throws where it failed for another reason. */
export async function seeOr<T>(what: string, read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: "seen", value: await read() };
  } catch (error) {
    const status = statusOf(error);
    if (status !== 401 && status !== 403 && status !== 404) throw error;
    return { kind: "hidden", why: `Who asks may not see ${what}.` };
  }
}

/** The status of an answer that Octokit has thrown. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && "status" in error && typeof error.status === "number"
    ? error.status
    : null;
}
