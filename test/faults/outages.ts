import type { RequestRecord } from "../github/github-stand-in.ts";
import type { AppWorldOptions } from "../support/open-app-world.ts";
import type { AppCase } from "./app-case.ts";
import { WORLD } from "./app-scenarios.ts";

/** GitHub is not itself for some time. */
export type Outage = {
  name: string;
  world: AppWorldOptions;
  /** Begins it. */
  begin: (it: AppCase) => void | Promise<void>;
  /** By the moved clock: from then on GitHub is itself again. */
  endsAfterSeconds: number;
  /** How many calls GitHub may get from the first alert until then, with so many tries of the sender. */
  mostCalls: (tries: number) => number;
};

const MINUTE = 60;

export const OUTAGES: readonly Outage[] = [
  {
    name: "down for 40 min: connections are cut",
    world: WORLD,
    begin: (it) => refuseUntil(it, 40 * MINUTE, () => "cut"),
    endsAfterSeconds: 40 * MINUTE,
    mostCalls: (tries) => tries,
  },
  {
    name: "down for 40 min: every answer is 502",
    world: WORLD,
    begin: (it) => refuseUntil(it, 40 * MINUTE, () => ({ status: 502, headers: {}, message: "Bad gateway" })),
    endsAfterSeconds: 40 * MINUTE,
    mostCalls: (tries) => tries,
  },
  {
    name: "the primary limit is used up until its reset",
    world: { ...WORLD, github: { requestsPerHour: 60 } },
    begin: useUpPrimaryLimit,
    endsAfterSeconds: 61 * MINUTE,
    mostCalls: () => 3,
  },
  {
    name: "the primary limit is used up when the app starts",
    world: { ...WORLD, github: { requestsPerHour: 60 } },
    begin: async (it) => {
      await it.stopApp();
      await useUpPrimaryLimit(it);
    },
    endsAfterSeconds: 61 * MINUTE,
    // What could not be listed is listed anew every 30 s, two calls each.
    mostCalls: () => 250,
  },
  {
    name: "a secondary limit on everything, with Retry-After, for 10 min",
    world: WORLD,
    begin: (it) =>
      refuseUntil(it, 10 * MINUTE, (left) => limited(left, "You have exceeded a secondary rate limit.")),
    endsAfterSeconds: 10 * MINUTE,
    mostCalls: () => 2,
  },
  {
    name: "a secondary limit on everything, without Retry-After, for 10 min",
    world: WORLD,
    begin: (it) =>
      refuseUntil(it, 10 * MINUTE, () => ({
        ...limited(0, "You have exceeded a secondary rate limit."),
        headers: {},
      })),
    endsAfterSeconds: 10 * MINUTE,
    // GitHub asks to wait for at least a minute then.
    mostCalls: () => 12,
  },
  {
    name: "the limit on content for 10 min",
    world: WORLD,
    begin: (it) =>
      refuseUntil(
        it,
        10 * MINUTE,
        (left) => limited(left, "You have been temporarily blocked from content creation."),
        ({ points }) => points === 5,
      ),
    endsAfterSeconds: 10 * MINUTE,
    mostCalls: () => 4,
  },
];

/** Somebody else has the installation's requests of this hour. */
async function useUpPrimaryLimit({ world: { github, installation } }: AppCase): Promise<void> {
  const headers = { authorization: `Bearer ${installation.issueToken()}` };
  const body = JSON.stringify({ query: "{ viewer { login } }" });
  for (let status = 200; status === 200; )
    ({ status } = await fetch(github.graphqlUrl, { method: "POST", headers, body }));
}

type Refusal = "cut" | { status: number; headers: Record<string, string>; message: string };

function limited(leftSeconds: number, message: string): Refusal & object {
  return { status: 403, headers: { "retry-after": String(Math.ceil(leftSeconds)) }, message };
}

function refuseUntil(
  { world: { github }, seconds }: AppCase,
  endSeconds: number,
  refuse: (leftSeconds: number) => Refusal,
  isMeant: (request: RequestRecord) => boolean = () => true,
): void {
  github.onRequest(({ phase, request }) => {
    const left = endSeconds - seconds();
    if (phase !== "received" || left <= 0 || !isMeant(request)) return;
    const refusal = refuse(left);
    // A listener that throws makes the stand-in cut the connection.
    if (refusal === "cut") throw new Error("GitHub is down.");
    const { status, headers, message } = refusal;
    const match = {
      method: request.method,
      ...(request.operations[0] === undefined ? {} : { operation: request.operations[0] }),
    };
    github.faults.add({ match, kind: "status", status, headers, body: { message } });
  });
}
