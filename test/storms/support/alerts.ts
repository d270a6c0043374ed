import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { eventIdentity } from "../../../src/domain/event-identity.ts";
import { TOKEN } from "../../support/open-app-world.ts";
import { poolName, type StormStack } from "./open-storm-world.ts";

/** One alert for one pool, and the identity that its event gets in a scale commit. */
export type Alert = {
  readonly stack: StormStack;
  readonly pool: string;
  readonly group: string;
  readonly fingerprint: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
};

/** What the last answer said of an alert. `again`: 503, or a result that may still work. */
export type Told = { readonly kind: "scale" | "hold" | "refuse" | "again"; readonly to: number | null };

export function makeAlert(
  stack: StormStack,
  pool: number,
  annotations: Record<string, string>,
  number = 0,
): Alert {
  const name = poolName(pool);
  const fingerprint = eventIdentity([stack.repo, stack.alias, name, String(number)]);
  const group = `{}:{stack="${stack.repo}/${stack.alias}"}`;
  return { stack, pool: name, group, fingerprint, annotations, startsAt: "2026-11-20T11:38:03Z" };
}

export function eventOf({ group, fingerprint, startsAt }: Alert): string {
  return eventIdentity([group, fingerprint, "firing", startsAt]);
}

const Answer = z.object({
  results: z
    .array(
      z.object({
        kind: z.enum(["scale", "hold", "refuse"]),
        to: z.int().nullable(),
        reasons: z.array(z.object({ code: z.string() })),
      }),
    )
    .optional(),
});

/** How often something was answered 503, over all requests. */
export type Delivered = {
  readonly told: Told[];
  readonly status: number;
  readonly retryAfterSeconds: number;
};

/** Sends alerts of one stack in one message, as Alertmanager does, once. */
export async function deliver(url: string, alerts: readonly Alert[]): Promise<Delivered> {
  const [{ stack, group } = never()] = alerts;
  const message = {
    version: "4",
    groupKey: group,
    truncatedAlerts: 0,
    status: "firing",
    receiver: "pulumiscale",
    alerts: alerts.map(({ pool, annotations, startsAt, fingerprint }) => ({
      status: "firing",
      labels: { alertname: "Busy", pool, pulumiscale_stack: stack.alias },
      annotations,
      startsAt,
      fingerprint,
    })),
  };
  const response = await fetch(`${url}/repos/${stack.repo}/webhook/prometheus`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(message),
  });
  const { status } = response;
  if (status !== 200 && status !== 503) throw new Error(`${status}: ${await response.text()}`);
  const { results = [] } = Answer.parse(await response.json());
  const told = alerts.map((_, index): Told => {
    const result = results[index];
    if (result === undefined || result.reasons.some(({ code }) => code === "try-again"))
      return { kind: "again", to: null };
    return { kind: result.kind, to: result.to };
  });
  return { told, status, retryAfterSeconds: Number(response.headers.get("retry-after") ?? 0) };
}

/** One message and where it goes. */
export type Delivery = { readonly url: string; readonly alerts: readonly Alert[] };

export type Stormed = {
  /** The last answer of each delivery, in the order of its alerts. */
  readonly answers: readonly { readonly alert: Alert; readonly told: Told }[];
  /** How many requests were sent, and how many of them were answered 503. */
  readonly requests: number;
  readonly refused: number;
  /** By how much the clock was moved. */
  readonly passedSeconds: number;
};

/**
 * Sends everything at once. What is answered 503 is sent again whole, as Alertmanager does, until nothing is: after a moment, and
 * with the clock moved by what the answers ask for.
 */
export async function storm(
  deliveries: readonly Delivery[],
  pass: (seconds: number) => Promise<void>,
  rounds = 300,
): Promise<Stormed> {
  const last = new Map<Delivery, readonly Told[]>();
  let pending = deliveries;
  const counts = { requests: 0, refused: 0, passedSeconds: 0 };
  for (let round = 0; pending.length > 0; round++) {
    if (round === rounds)
      throw new Error(`${pending.length} messages are answered 503 after ${rounds} rounds`);
    if (round > 0) await sleep(200);
    const answered = await Promise.all(
      pending.map(async (delivery) => ({ delivery, answer: await deliver(delivery.url, delivery.alerts) })),
    );
    for (const { delivery, answer } of answered) last.set(delivery, answer.told);
    const refused = answered.filter(({ answer }) => answer.status === 503);
    counts.requests += answered.length;
    counts.refused += refused.length;
    const waits = refused.map(({ answer }) => answer.retryAfterSeconds);
    if (waits.length > 0) {
      const seconds = Math.min(...waits);
      await pass(seconds);
      counts.passedSeconds += seconds;
    }
    pending = refused.map(({ delivery }) => delivery);
  }
  const answers = deliveries.flatMap((delivery) =>
    delivery.alerts.flatMap((alert, index) => {
      const told = last.get(delivery)?.[index];
      return told === undefined ? [] : [{ alert, told }];
    }),
  );
  return { answers, ...counts };
}

function never(): never {
  throw new Error("a message has at least one alert");
}
