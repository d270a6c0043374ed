import { expect, test } from "vitest";
import { AlertQuery } from "../../../src/sources/alert-query.ts";
import { parseAlertmanager } from "../../../src/sources/alertmanager.ts";
import { type AlertChange, recordingAlerts } from "./recording-alerts.ts";

function demandsOf(...alerts: AlertChange[]) {
  const scope = { alias: "shop.dev", pool: null };
  const parsed = parseAlertmanager(recordingAlerts(...alerts), scope, AlertQuery.parse({}));
  if (parsed.kind !== "parsed") throw new Error(JSON.stringify(parsed.issues));
  return parsed.value.demands.map((demand) => {
    if (demand.kind !== "ask") throw new Error(demand.reason.message);
    return demand;
  });
}

test("labels and annotations reach the demand", () => {
  const web = { labels: { pool: "web" }, annotations: { pulumiscale_delta: "3" } };
  const queue = { annotations: { pulumiscale_pool: "queue", pulumiscale_value: "7" } };
  expect(demandsOf(web, queue)).toMatchObject([
    { pool: "web", ask: { kind: "delta", delta: 3 } },
    { pool: "queue", ask: { kind: "value", value: 7 } },
  ]);
});

test("the same alert is the same event; another start or another label is another", () => {
  const [same, again, later, other] = demandsOf(
    { labels: { pool: "web" } },
    { labels: { pool: "web" } },
    { labels: { pool: "web" }, startsAt: "2026-11-20T12:00:00Z" },
    { labels: { pool: "web", cluster: "us-1" } },
  ).map(({ event }) => event);
  expect(again).toBe(same);
  expect(new Set([same, later, other]).size).toBe(3);
});
