import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { recordedText } from "../support/payloads.ts";
import { type HeldWorldSize, openHeldWorld } from "./held-world.ts";
import { interleave, ratioOf } from "./interleave.ts";
import { type Load, postAll } from "./load.ts";
import { atLeast, type Figure, type Measurement, type Pace } from "./measurement.ts";
import { type HeldServer, startHeldServer } from "./start-held-server.ts";

/**
 * How many alerts a second the app holds (the pool cools down), as a share of what a bare Hono route answers that checks
 * the token in the same way, parses the same body and answers the same JSON, always. Both are processes of their own.
 */
export const heldDecisions: Measurement = {
  name: "held-decisions",
  about: "held decisions per second, against a bare Hono route with the same authentication",
  measure: async (pace, tell) => {
    const figures: Figure[] = [];
    for (const size of SIZES) {
      tell(describeSize(size));
      figures.push(...(await measureHeld(size, pace)));
    }
    return figures;
  },
};

const SIZES: readonly HeldWorldSize[] = [
  { stacks: 1, pools: 2 },
  { stacks: 300, pools: 100 },
];

async function measureHeld(size: HeldWorldSize, pace: Pace): Promise<Figure[]> {
  await using world = await openHeldWorld(size);
  await using app = await startHeldServer({ kind: "app", environment: world.environment });
  await untilReady(app);
  const figures: Figure[] = [];
  const { token, hashes } = world;
  for (const { name, path, body } of REQUESTS) {
    const answer = await readHeldAnswer({ url: `${app.url}${path}`, token, body });
    await using bare = await startHeldServer({ kind: "bare", path, hashes, answer });
    const turn = (server: HeldServer) => async () => {
      const before = await server.readCpuMicroseconds();
      const amount = pace === "quick" ? 500 : 8_000;
      const perSecond = await postAll({ url: `${server.url}${path}`, token, body, amount });
      const cpuMicroseconds = (await server.readCpuMicroseconds()) - before;
      return { perSecond, perCpuSecond: (amount / cpuMicroseconds) * 1e6 };
    };
    const pairs = await interleave(turn(app), turn(bare), pace === "quick" ? 2 : 9);
    const against = `a bare Hono route that checks ${hashes.length === 1 ? "the token" : `${hashes.length} tokens`}`;
    figures.push(
      {
        ...ratioOf(pairs, ({ perSecond }) => perSecond),
        name: `${name} held per second, ${describeSize(size)}`,
        against,
        aim: atLeast(0.5),
      },
      {
        // The load generator may be slower than the bare route; this says what a server's processor can do.
        ...ratioOf(pairs, ({ perCpuSecond }) => perCpuSecond),
        name: "… per second of the server's processor time",
        against,
        aim: atLeast(0.5),
      },
    );
  }
  return figures;
}

const REQUESTS = [
  { name: "alerts", path: "/webhook/prometheus", body: recordedText("firing") },
  { name: "deltas", path: "/webhook/web/delta", body: JSON.stringify({ delta: 1 }) },
] as const;

const HeldAnswer = z.object({
  results: z.tuple([
    z.looseObject({ kind: z.literal("hold"), reasons: z.tuple([z.looseObject({ code: z.string() })]) }),
  ]),
});

async function readHeldAnswer({ url, token, body }: Omit<Load, "amount">): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  const answer: unknown = await response.json();
  const parsed = HeldAnswer.safeParse(answer);
  if (parsed.data?.results[0].reasons[0].code !== "manual-change")
    throw new Error(
      `this was to be held by the cooldown of the change by hand: ${response.status} ${JSON.stringify(answer)}`,
    );
  return answer;
}

async function untilReady({ url }: HeldServer): Promise<void> {
  for (let tries = 0; (await fetch(`${url}/readyz`)).status !== 200; tries++) {
    if (tries === 600) throw new Error("the app did not become ready within 60 s");
    await sleep(100);
  }
}

function describeSize({ stacks, pools }: HeldWorldSize): string {
  return stacks === 1 ? "one stack" : `${stacks} stacks of ${pools} pools`;
}
