import { readFileSync } from "node:fs";

export type RecordedAlert = {
  status: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  fingerprint: string;
};
export type RecordedMessage = { groupKey: string; truncatedAlerts: number; alerts: RecordedAlert[] };

/** The text of a recorded Alertmanager message, as it came over the wire. */
export function recordedText(name: "firing" | "resolved" | "group" | "mixed" | "truncated"): string {
  return readFileSync(new URL(`../../fixtures/payloads/alertmanager/${name}.json`, import.meta.url), "utf8");
}

/** A recorded message, for tests that change a field of it. */
export function recorded(name: Parameters<typeof recordedText>[0]): RecordedMessage {
  return JSON.parse(recordedText(name));
}

/** The recorded firing alert with other labels, annotations or fields. */
export function firingWith(
  change: Partial<Omit<RecordedAlert, "labels" | "annotations">> & {
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  },
): RecordedMessage {
  const message = recorded("firing");
  return { ...message, alerts: message.alerts.map((alert) => ({ ...alert, ...change })) };
}
