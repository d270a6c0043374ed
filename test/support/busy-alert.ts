/** A message of Alertmanager's with one firing alert, whose labels name the pool. */
export function busyAlert(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
  fingerprint = "f1",
) {
  return {
    version: "4",
    groupKey: '{}:{alertname="Busy"}',
    truncatedAlerts: 0,
    status: "firing",
    receiver: "pulumiscale",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "Busy", ...labels },
        annotations,
        startsAt: "2026-01-07T12:00:00Z",
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "",
        fingerprint,
      },
    ],
  };
}
