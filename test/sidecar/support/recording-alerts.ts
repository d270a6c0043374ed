import { createHash } from "node:crypto";
import { type RecordedMessage, recorded } from "../../support/payloads.ts";

/** What differs from the recorded alert. `pool` and the like are labels or annotations, as a rule's author puts them. */
export type AlertChange = {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  status?: "firing" | "resolved";
  /** ISO 8601. Another one is another event. */
  startsAt?: string;
};

/** A message as Alertmanager sends it, with these alerts; one with the same labels and start is the same event. */
export function recordingAlerts(...changes: AlertChange[]): RecordedMessage {
  const message = recorded("firing");
  const [alert] = message.alerts;
  if (alert === undefined) throw new Error("the recorded message has no alert");
  const alerts = changes.map(({ labels = {}, annotations = {}, ...fields }) => {
    const all = { alertname: "HighCpu", ...labels };
    const fingerprint = createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 16);
    return { ...alert, ...fields, labels: all, annotations: { ...annotations }, fingerprint };
  });
  const status = alerts.some((alert) => alert.status === "firing") ? "firing" : "resolved";
  return Object.assign(message, { status, alerts });
}
