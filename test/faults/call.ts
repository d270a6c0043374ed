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

/** How often a run is recorded at most. */
const RECORDINGS = 6;

/**
 * The calls of a run in which nothing fails. It is done anew until two runs after each other make the same ones, in whatever order:
 * on a busy machine a call may be late, and asked again. Where they never agree, those that every run made; the others are told.
 */
export async function recordTwice(record: () => Promise<Call[]>): Promise<Call[]> {
  const runs = [await record()];
  while (runs.length < RECORDINGS) {
    const calls = await record();
    const isSame = namesOf(calls).join() === namesOf(runs.at(-1) ?? []).join();
    if (isSame) return calls;
    runs.push(calls);
  }
  const [first = [], ...others] = runs;
  const always = first.filter((call) => others.every((run) => namesOf(run).includes(formatCall(call))));
  const rare = new Set(runs.flatMap(namesOf).filter((name) => !namesOf(always).includes(name)));
  console.log(`Not made by each of ${RECORDINGS} runs, so not tried here: ${[...rare].join(", ")}`);
  return always;
}

function namesOf(calls: readonly Call[]): string[] {
  return calls.map(formatCall).toSorted();
}
