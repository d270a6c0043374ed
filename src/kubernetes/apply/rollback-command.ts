import { quoteShell } from "../../domain/quote-shell.ts";
import type { Reference } from "../cluster/cluster.ts";
import type { ActionState } from "./action-state.ts";

/** The command that brings a state back; null where there is nothing to bring back. All names and values are real ones. */
export function renderRollbackCommand(
  { apiVersion, kind, namespace, name }: Reference,
  before: ActionState,
): string | null {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const subject = `${KNOWN[kind] ?? `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}`}/${name} -n ${namespace}`;
  switch (before.kind) {
    case "absent":
      return `kubectl delete ${subject}`;
    case "replicas":
      return `kubectl scale ${subject} --replicas=${before.replicas}`;
    case "resources": {
      const containers = before.containers.map(({ name: container, ...resources }) => ({
        name: container,
        resources,
      }));
      const template = { template: { spec: { containers } } };
      const spec = kind === "CronJob" ? { jobTemplate: { spec: template } } : template;
      return `kubectl patch ${subject} -p ${quote({ spec })}`;
    }
    case "cronjob": {
      const { suspend, parallelism } = before;
      const job = parallelism === undefined ? {} : { jobTemplate: { spec: { parallelism } } };
      const spec = { ...(suspend === undefined ? {} : { suspend }), ...job };
      return `kubectl patch ${subject} --type=merge -p ${quote({ spec })}`;
    }
    case "hpa": {
      const { min, max, metrics } = before;
      const spec = { minReplicas: min, maxReplicas: max, metrics };
      return `kubectl patch ${subject} --type=merge -p ${quote({ spec })}`;
    }
    case "vpa":
      return `kubectl patch ${subject} --type=merge -p ${quote({ spec: before.spec })}`;
  }
}

const KNOWN: Readonly<Record<string, string>> = {
  Deployment: "deployment",
  StatefulSet: "statefulset",
  ReplicaSet: "replicaset",
  DaemonSet: "daemonset",
  CronJob: "cronjob",
  HorizontalPodAutoscaler: "hpa",
};

/** The command for one cluster: without its context it would be run against whichever is the current one. */
export function inContext(command: string, context: string | null): string {
  if (context === null) return command;
  return `${command} --context=${/^[\w.:@/-]+$/.test(context) ? context : quoteShell(context)}`;
}

function quote(value: object): string {
  return quoteShell(JSON.stringify(value));
}
