import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import { HistoryAnswer, OperationAnswer, ScaleAnswer } from "../../http/answers.ts";
import type { DemoProgram } from "./make-program.ts";
import type { SidecarProcess } from "./start-sidecar-process.ts";

export type DemoResult = z.infer<typeof ScaleAnswer>["results"][number];
export type DemoHistory = z.infer<typeof HistoryAnswer>["history"];

/** What a sender sees of the sidecar, by its real routes. Each throws what was answered, where that is no success. */
export type DemoClient = {
  /** Sends `body` to a route that scales; answers the result of its one demand, when its apply has ended. */
  send: (path: string, body: unknown) => Promise<DemoResult>;
  readHistory: (pool: string) => Promise<DemoHistory>;
};

/** A message as Alertmanager sends it, of one alert. The same alert is the same event each time that it is sent. */
export function alertmanagerMessage(alertname: string, pool: string, startsAt: string): object {
  const labels = { alertname, pool, severity: "page" };
  const alert = {
    status: "firing",
    labels,
    annotations: { summary: `${pool} is over 80 %` },
    startsAt,
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prometheus.example:9090/graph",
    fingerprint: Buffer.from(alertname).toString("hex").padEnd(16, "0").slice(0, 16),
  };
  return {
    ...{ version: "4", receiver: "pulumiscale", status: "firing", truncatedAlerts: 0, alerts: [alert] },
    ...{ groupKey: `{}:{alertname="${alertname}"}`, groupLabels: { alertname }, commonLabels: labels },
    ...{ commonAnnotations: alert.annotations, externalURL: "http://alertmanager.example:9093" },
  };
}

const POLL_MS = 300;

export function demoClient({ secret }: DemoProgram, { url, signal }: SidecarProcess): DemoClient {
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, { ...init, headers, signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`The sidecar answered ${response.status} to ${path}: ${text}`);
    const answer: unknown = JSON.parse(text);
    return answer;
  };
  const waitForApply = async (result: DemoResult): Promise<DemoResult> => {
    const { apply, pool } = result;
    if (apply === undefined || !["waiting", "under-way"].includes(apply.status)) return result;
    await delay(POLL_MS, undefined, { signal });
    const { status, pools } = OperationAnswer.parse(await ask(`/operations/${apply.operation}`));
    const own = pools.find((line) => line.pool === pool);
    const message = own?.message ?? apply.message;
    return waitForApply({ ...result, apply: { ...apply, status, outcome: own?.outcome ?? null, message } });
  };
  return {
    send: async (path, body) => {
      const { results } = ScaleAnswer.parse(await ask(path, { method: "POST", body: JSON.stringify(body) }));
      const [result] = results;
      if (result === undefined) throw new Error(`The sidecar answered no result to ${path}.`);
      return waitForApply(result);
    },
    readHistory: async (pool) => HistoryAnswer.parse(await ask(`/pools/${pool}/history`)).history,
  };
}
