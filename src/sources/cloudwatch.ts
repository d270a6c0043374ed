import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import type { Ask } from "../domain/intent.ts";
import { reason } from "../domain/reasons.ts";
import { safeJson } from "../domain/safe-json.ts";
import type { AlertQuery, AlertState } from "./alert-query.ts";
import type { Demand } from "./demand.ts";
import { type Parsed, parseWith, unprocessable } from "./parsed.ts";
import { EVENT_BRIDGE } from "./sns-message.ts";

/**
 * What is read of an alarm's notification: the same for alarms on a metric, on metric maths, on a band, and for composite
 * ones. Other fields are tolerated: new kinds of alarms add some.
 */
const Alarm = z.object({
  AlarmName: z.string().min(1),
  AlarmArn: z.string().min(1).optional(),
  AWSAccountId: z.string().default(""),
  Region: z.string().default(""),
  NewStateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  NewStateReason: z.string().default(""),
  StateChangeTime: z.string().min(1),
  /** Of an alarm over many series: each has states of its own. */
  AlarmContributorId: z.string().default(""),
});
type Alarm = z.infer<typeof Alarm>;

const STATES: Record<Alarm["NewStateValue"], AlertState | null> = {
  ALARM: "firing",
  OK: "resolved",
  INSUFFICIENT_DATA: null,
};

const NOT_AN_ALARM =
  "it is no JSON, so it is no notification of a CloudWatch alarm. A message that was published by hand scales nothing";

/**
 * Reads the text that CloudWatch publishes when an alarm changes its state: the demand for the URL's pool, or null where the
 * new state does not act. Paths of issues start at `$.Message`, where the text stands in SNS's message.
 */
export function parseCloudwatch(
  text: string,
  scope: { alias: string; pool: string },
  query: AlertQuery,
): Parsed<Demand | null> {
  const body = safeJson(text);
  if (body === undefined) return unprocessable({ path: "$.Message", message: NOT_AN_ALARM });
  if (isEvent(body)) return unprocessable({ path: "$.Message", message: EVENT_BRIDGE });
  const parsed = parseWith(Alarm, body, "$");
  if (parsed.kind === "unprocessable") {
    const [first, ...others] = parsed.issues;
    return unprocessable(inMessage(first), ...others.map(inMessage));
  }
  const alarm = parsed.value;
  const state = STATES[alarm.NewStateValue];
  const demand = state === null || !query.on.includes(state) ? null : toDemand(alarm, state, scope, query);
  return { kind: "parsed", value: demand };
}

function isEvent(body: unknown): boolean {
  return typeof body === "object" && body !== null && "detail-type" in body;
}

function inMessage({ path, message }: { path: string; message: string }) {
  return { path: path.replace("$", () => "$.Message"), message };
}

function toDemand(
  alarm: Alarm,
  state: AlertState,
  { alias, pool }: { alias: string; pool: string },
  query: AlertQuery,
): Demand {
  const ask = askOf(state, query);
  if (ask === null) {
    const why = "The alarm is OK again, which does not say how much: give the URL ?delta or ?value.";
    return { kind: "refuse", alias, pool, reason: reason("no-amount", why) };
  }
  const { AlarmName, NewStateReason } = alarm;
  const summary = cleanLine(NewStateReason === "" ? AlarmName : `${AlarmName}: ${NewStateReason}`);
  return { kind: "ask", alias, pool, ask, source: "cloudwatch", event: eventOf(alarm), summary };
}

/** The URL, else the pool's step; a step makes no sense for an alarm that is over. */
function askOf(state: AlertState, { value, delta }: AlertQuery): Ask | null {
  if (value !== undefined) return { kind: "value", value };
  if (delta !== undefined) return { kind: "delta", delta };
  return state === "firing" ? { kind: "step" } : null;
}

/**
 * An alarm's change of state is one event, however often and by however many topics it is delivered. SNS's MessageId would
 * only tell the retries of one topic; the body of a retry is the same, so that this tells them too.
 */
function eventOf(alarm: Alarm): string {
  const { AlarmArn, AWSAccountId, Region, AlarmName, AlarmContributorId, NewStateValue, StateChangeTime } =
    alarm;
  const name = AlarmArn ?? `${AWSAccountId}/${Region}/${AlarmName}`;
  return eventIdentity(["cloudwatch", name, AlarmContributorId, NewStateValue, StateChangeTime]);
}
