import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "./free-port.ts";
import { type RunningProcess, startProcess } from "./start-process.ts";

export type AlertmanagerOptions = {
  program: string;
  directory: string;
  /** Where alerts are sent: `/webhook/prometheus` of the app, say. */
  url: string;
  token: string;
  groupInterval?: string;
  repeatInterval?: string;
};

export type Alertmanager = {
  readonly url: string;
  readonly process: RunningProcess;
  /** Fires an alert, as Prometheus would; the same labels again keep it firing. */
  fire(labels: Record<string, string>, annotations?: Record<string, string>, startsAt?: Date): Promise<void>;
  resolve(labels: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the real Alertmanager with one route to the app. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const { program, directory, groupInterval = "1s", repeatInterval = "2s" } = options;
  mkdirSync(directory, { recursive: true });
  const tokenFile = join(directory, "token");
  writeFileSync(tokenFile, options.token, { mode: 0o600 });
  const config = stringify({
    route: {
      receiver: "pulumiscale",
      group_by: ["alertname", "pool"],
      group_wait: "100ms",
      group_interval: groupInterval,
      repeat_interval: repeatInterval,
    },
    receivers: [
      {
        name: "pulumiscale",
        webhook_configs: [
          {
            url: options.url,
            send_resolved: true,
            http_config: { authorization: { credentials_file: tokenFile } },
          },
        ],
      },
    ],
  });
  return startAlertmanagerWith(program, directory, config);
}

/** Starts the real Alertmanager with a configuration of one's own; all that it keeps is in a folder that is there. */
export async function startAlertmanagerWith(
  program: string,
  directory: string,
  config: string,
): Promise<Alertmanager> {
  const configFile = join(directory, "alertmanager.yml");
  writeFileSync(configFile, config);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = startProcess(program, [
    `--config.file=${configFile}`,
    `--storage.path=${join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ]);
  await process.waitForLine(/msg="?Listening/i);
  const post = async (labels: Record<string, string>, more: object) => {
    const body = JSON.stringify([{ labels, ...more }]);
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`);
  };
  return {
    url,
    process,
    fire: (labels, annotations = {}, startsAt = new Date()) => post(labels, { annotations, startsAt }),
    resolve: (labels) => post(labels, { endsAt: new Date(Date.now() - 1000) }),
    stop: () => process.stop(),
  };
}
