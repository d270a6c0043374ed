import type { RequestRecord } from "../github/github-stand-in.ts";

/** One call of a run: the n-th of its name, counted from 1. */
export type Call = { name: string; nth: number; kind: RequestRecord["kind"]; writes: boolean };

/** What a call is for: a REST operation's id, or the fields at the top of a GraphQL document. */
export function callName({ method, path, operations }: RequestRecord): string {
  return operations.length === 0 ? `${method} ${path}` : operations.join(" + ");
}

/** Names the calls of a run, in their order. */
export function nameCalls(requests: readonly RequestRecord[]): Call[] {
  const seen = new Map<string, number>();
  return requests.map((request) => {
    const name = callName(request);
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { name, nth, kind: request.kind, writes: request.points === 5 };
  });
}

export function formatCall({ name, nth }: Call): string {
  return nth === 1 ? name : `${name} (${nth})`;
}

/**
 * The calls of a run in which nothing fails. It is done anew until two runs after each other make the same ones: on a busy machine a
 * call may be late, and asked again.
 */
export async function recordTwice(record: () => Promise<Call[]>): Promise<Call[]> {
  let last = await record();
  for (let tries = 0; tries < 5; tries++) {
    const calls = await record();
    const isSame = calls.map(formatCall).join() === last.map(formatCall).join();
    if (isSame) return calls;
    last = calls;
  }
  throw new Error(`Each run makes other calls; the last one made: ${last.map(formatCall).join(", ")}`);
}
