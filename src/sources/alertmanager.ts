import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import type { Ask } from "../domain/intent.ts";
import { type Reason, reason } from "../domain/reasons.ts";
import type { AlertQuery } from "./alert-query.ts";
import { parseAmount } from "./amount.ts";
import { type Demand, shownName, type UrlScope } from "./demand.ts";
import { type Parsed, parseWith } from "./parsed.ts";

const Texts = z.record(z.string(), z.string());

const Alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: Texts,
  annotations: Texts.default({}),
  startsAt: z.string().min(1),
  fingerprint: z.string().min(1),
});
type Alert = z.infer<typeof Alert>;

/** What is read of Alertmanager's webhook message, version 4. Other fields are tolerated: new versions add some. */
export const AlertmanagerMessage = z.object({
  version: z.literal("4"),
  groupKey: z.string().min(1),
  truncatedAlerts: z.int().min(0).default(0),
  alerts: z.array(Alert),
});

/** The demands of one message in the order of its alerts, and how many alerts Alertmanager left out of it. */
export type AlertBatch = { demands: Demand[]; truncatedAlerts: number };

/**
 * Reads Alertmanager's webhook message (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 * One demand per alert whose state acts; an alert that cannot be served is a refusal beside its neighbours.
 */
export function parseAlertmanager(body: unknown, scope: UrlScope, query: AlertQuery): Parsed<AlertBatch> {
  const parsed = parseWith(AlertmanagerMessage, body, "$");
  if (parsed.kind === "unprocessable") return parsed;
  const { alerts, groupKey, truncatedAlerts } = parsed.value;
  const demands = alerts
    .filter((alert) => query.on.includes(alert.status))
    .map((alert) => toDemand(alert, groupKey, scope, query));
  return { kind: "parsed", value: { demands, truncatedAlerts } };
}

function toDemand(alert: Alert, groupKey: string, scope: UrlScope, query: AlertQuery): Demand {
  const stack = nameOf(alert, "pulumiscale_stack");
  const namedPool = nameOf(alert, "pulumiscale_pool");
  const pool = namedPool.length > 0 ? namedPool : present(alert.labels.pool);
  const alias = scope.alias ?? stack[0] ?? "";
  const poolName = scope.pool ?? pool[0] ?? "";
  const refuse = (why: Reason): Demand => ({
    kind: "refuse",
    alias: shownName(alias),
    pool: shownName(poolName),
    reason: why,
  });

  if (alias === "")
    return refuse(reason("no-stack", "The alert names no stack: give it a label pulumiscale_stack."));
  const called = [alias, ...(scope.formerAliases ?? [])].map((name) => name.toLowerCase());
  if (stack.some((name) => !called.includes(name.toLowerCase())))
    return refuse(reason("stack-mismatch", disagreement("stack", scope.alias, stack)));
  if (poolName === "")
    return refuse(reason("no-pool", "The alert names no pool: give it a label pulumiscale_pool or pool."));
  if (pool.some((name) => name !== poolName))
    return refuse(reason("pool-mismatch", disagreement("pool", scope.pool, pool)));
  const asked = askOf(alert, query);
  if (asked.kind === "refused") return refuse(asked.reason);

  return {
    kind: "ask",
    alias,
    pool: poolName,
    ask: asked.ask,
    source: "prometheus",
    event: eventIdentity([groupKey, alert.fingerprint, alert.status, alert.startsAt]),
    summary: summaryOf(alert),
  };
}

/** The names that a label and an annotation give; Prometheus treats an empty label as an absent one. */
function nameOf(alert: Alert, key: string): string[] {
  return [...present(alert.labels[key]), ...present(alert.annotations[key])];
}

function present(text: string | undefined): string[] {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? [] : [trimmed];
}

function disagreement(what: string, inUrl: string | null, inAlert: readonly string[]): string {
  const names = inAlert.map((name) => `"${shownName(name)}"`).join(" and ");
  const where = inUrl === null ? "" : `, the URL "${shownName(inUrl)}"`;
  return `The alert names the ${what} ${names}${where}: they must agree.`;
}

type Asked = { kind: "asked"; ask: Ask } | { kind: "refused"; reason: Reason };

/** The alert's own annotations, else the URL, else the pool's step; a step makes no sense for a resolved alert. */
function askOf(alert: Alert, query: AlertQuery): Asked {
  const prefix = alert.status === "resolved" ? "pulumiscale_resolved" : "pulumiscale";
  const value = alert.annotations[`${prefix}_value`];
  const delta = alert.annotations[`${prefix}_delta`];
  if (value !== undefined && delta !== undefined) {
    const both = `The alert has both annotations ${prefix}_value and ${prefix}_delta: give it one of them.`;
    return { kind: "refused", reason: reason("bad-value", both) };
  }
  if (value !== undefined)
    return amountOf(value, `${prefix}_value`, (amount) => ({ kind: "value", value: amount }));
  if (delta !== undefined)
    return amountOf(delta, `${prefix}_delta`, (amount) => ({ kind: "delta", delta: amount }));
  if (query.value !== undefined) return { kind: "asked", ask: { kind: "value", value: query.value } };
  if (query.delta !== undefined) return { kind: "asked", ask: { kind: "delta", delta: query.delta } };
  if (alert.status === "firing") return { kind: "asked", ask: { kind: "step" } };
  const missing =
    "The resolved alert does not say how much: give it an annotation pulumiscale_resolved_delta or pulumiscale_resolved_value, or the URL ?delta or ?value.";
  return { kind: "refused", reason: reason("no-amount", missing) };
}

function amountOf(text: string, annotation: string, toAsk: (amount: number) => Ask): Asked {
  const amount = parseAmount(text);
  if (amount !== undefined) return { kind: "asked", ask: toAsk(amount) };
  const message = `The annotation ${annotation} is "${cleanLine(text, 40)}", not an integer of at most nine digits.`;
  return { kind: "refused", reason: reason("bad-value", message) };
}

function summaryOf(alert: Alert): string {
  const { summary, description, message } = alert.annotations;
  const text = summary ?? description ?? message ?? "";
  const name = alert.labels.alertname ?? "alert";
  return cleanLine(text === "" ? name : `${name}: ${text}`);
}
