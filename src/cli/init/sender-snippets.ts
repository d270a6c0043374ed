import { stringify } from "yaml";
import { quoteShell } from "../../domain/quote-shell.ts";

/** A pool as the senders' snippets need it; the cooldown in seconds. */
export type SnippetPool = {
  name: string;
  strategy: "incremental" | "absolute";
  min: number;
  max: number;
  cooldownSeconds: number;
};

/** What the snippets are about. All of it has been checked: it is written into YAML and into shell scripts. */
export type SnippetFacts = {
  /** Where senders reach `pulumiscale serve`, without a slash at the end. */
  url: string;
  project: string;
  stack: string;
  /** The stack file from the program's directory. */
  stackFile: string;
  pools: readonly [SnippetPool, ...SnippetPool[]];
  /** Where the pools are from: the stack's output, or made up, since that names none yet. */
  origin: "contract" | "example";
};

/** Alertmanager's configuration: a receiver and its route. The secret stays in a file that only Alertmanager reads. */
export function formatAlertmanager({ url, stack, pools }: SnippetFacts): string {
  const cooldown = Math.max(60, Math.min(...pools.map(({ cooldownSeconds }) => cooldownSeconds)));
  return `# Alertmanager: take the route and the receiver over into your own configuration.
# The token is the webhook secret. It is shown by
#   pulumi config get pulumiscale:webhook-secret --stack ${stack}
route:
  receiver: default
  routes:
    - receiver: pulumiscale
      matchers: [pool=~".+"]
      group_by: [alertname, pool]
      group_wait: 30s
      group_interval: 1m
      repeat_interval: ${duration(cooldown)} # about the pool's cooldown: a pool that climbs step by step climbs once per repeat
receivers:
  - name: default
  - name: pulumiscale
    webhook_configs:
      - url: ${url}/webhook/prometheus
        send_resolved: false
        http_config:
          authorization:
            credentials_file: /etc/alertmanager/pulumiscale-token # the webhook secret
`;
}

/** Prometheus' alerting rules: the label \`pool\` names the pool, an annotation says how much. */
export function formatAlertRules(facts: SnippetFacts): string {
  const { pools } = facts;
  const rules = pools.flatMap(({ name, strategy }): object[] => {
    const labels = { pool: name };
    if (strategy === "absolute") {
      const annotations = { pulumiscale_value: '{{ printf "%.0f" $value }}' };
      return [
        {
          alert: `${name} wanted`,
          expr: `ceil(sum(queue_length{pool="${name}"}) / 10)`,
          labels,
          annotations,
        },
      ];
    }
    const metric = `avg(utilisation{pool="${name}"})`;
    const fewer = { pulumiscale_delta: "-1" };
    return [
      { alert: `${name} busy`, expr: `${metric} > 0.8`, for: "2m", labels },
      { alert: `${name} idle`, expr: `${metric} < 0.2`, for: "30m", labels, annotations: fewer },
    ];
  });
  const groups = stringify(
    { groups: [{ name: "scaling", rules }] },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  return `# Prometheus: put your own expressions in. Without an annotation an alert moves its pool by the pool's step.\n${exampleNote(facts)}${groups}`;
}

/** A script that makes the topic, the alarms and the subscriptions of SNS, one for each pool. */
export function formatCloudWatch(facts: SnippetFacts): string {
  const { project, stack, stackFile, pools, url } = facts;
  const reach = url.startsWith("https://")
    ? ""
    : `# SNS has to reach ${url}: make this file anew, with \`pulumiscale init --url https://…\`, where it cannot.\n`;
  return `#!/bin/sh
# CloudWatch, over SNS. Run it where \`aws\` and \`pulumi\` are logged in; a second time it changes nothing.
# CloudWatch tells an alarm's change of state once: a pool of its own should be \`strategy: "absolute"\`, with \`cooldown: 0\`.
${exampleNote(facts)}${reach}set -eu
cd "$(dirname "$0")/.."

# Anybody's topic signs validly, so the stack file says whose may speak.
TOPIC=$(aws sns create-topic --name ${topicName(project, stack)} --attributes SignatureVersion=2 --query TopicArn --output text)
if ! grep -qF -- "$TOPIC" ${quoteShell(stackFile)}; then
  printf 'Add this to %s, under \`config:\`, commit it, and run this again:\\n' ${quoteShell(stackFile)} >&2
  printf '  pulumiscale:sns-topics:\\n    - %s\\n' "$TOPIC" >&2
  exit 1
fi
${pools.map((pool) => formatAlarm(pool, facts)).join("")}`;
}

/** Comment lines, so that nobody takes a name for their own pool's; none where it is. */
function exampleNote({ origin, pools: [{ name }] }: SnippetFacts): string {
  if (origin === "contract") return "";
  return `# The pool ${name} is an example: the stack's output \`pulumiscale\` names none yet. Put your own pools' names here; or delete
# this file after \`pulumi up\`, and run \`pulumiscale init\` again: it takes them from the stack.
`;
}

function formatAlarm({ name, max }: SnippetPool, { url, project, stack }: SnippetFacts): string {
  const alarm = `${project}-${stack}-${name}-busy`;
  const attributes = {
    FilterPolicyScope: "MessageBody",
    FilterPolicy: JSON.stringify({ AlarmName: [alarm] }),
    DeliveryPolicy: JSON.stringify({ healthyRetryPolicy: RETRIES }),
  };
  return `
# The pool ${name}: one alarm for each value that it should stand at, here ${max}.
aws cloudwatch put-metric-alarm --alarm-name ${alarm} --alarm-actions "$TOPIC" \\
  --namespace AWS/EC2 --metric-name CPUUtilization --dimensions Name=AutoScalingGroupName,Value=${name} \\
  --statistic Average --period 60 --evaluation-periods 2 --comparison-operator GreaterThanThreshold --threshold 70
aws sns subscribe --topic-arn "$TOPIC" --protocol ${url.startsWith("https://") ? "https" : "http"} \\
  --attributes ${quoteShell(JSON.stringify(attributes))} \\
  --notification-endpoint "${url}/webhook/${name}/cloudwatch?token=$(pulumi config get pulumiscale:webhook-secret --stack ${stack})&value=${max}"
`;
}

/** For almost an hour, which is all that SNS allows. */
const RETRIES = {
  numRetries: 30,
  numMinDelayRetries: 5,
  numMaxDelayRetries: 20,
  minDelayTarget: 5,
  maxDelayTarget: 120,
  backoffFunction: "exponential",
} as const;

function duration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** A topic's name has no dot. */
function topicName(project: string, stack: string): string {
  return `pulumiscale-${project}-${stack.split("/").at(-1)}`.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 256);
}
