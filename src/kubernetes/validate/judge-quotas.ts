import { quoteText } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { QuotaObject } from "../detect/kube-objects.ts";
import type { Finding } from "../finding.ts";
import { formatQuantity } from "../format-quantity.ts";
import { ONE_UNIT, parseQuantity } from "../quantity.ts";
import type { Demand } from "./plan-demand.ts";
import { add, larger, limitsOf, requestsOf, type Size } from "./pod-size.ts";

/** Whether what a plan adds is within each quota of its namespace, and whether its pods say what a quota counts. */
export function judgeQuotas(demands: readonly Demand[], { quotas }: ClusterFacts): Finding[] {
  const added = peakOf(demands);
  return (quotas ?? []).flatMap((quota) => {
    const subject = `ResourceQuota/${quota.metadata.name}`;
    const isScoped = quota.spec.scopes.length > 0 || quota.spec.scopeSelector !== undefined;
    if (isScoped) return [scoped(quota, subject)];
    const over = Object.entries(quota.spec.hard).flatMap(([resource, hard]) =>
      judgeOne(quota, subject, resource, hard, added.get(unify(resource)) ?? 0n),
    );
    return [...over, ...demands.flatMap((demand) => judgeMissing(demand, quota))];
  });
}

/** The most that a plan adds at any time: workloads change one after the other, and a rolling update has more pods on its way. */
function peakOf(demands: readonly Demand[]): Size {
  let [sum, peak]: [Size, Size] = [new Map(), new Map()];
  for (const demand of demands) {
    for (const way of waysOf(demand)) peak = larger(peak, add(sum, way));
    sum = add(sum, growthOf(demand, demand.after, 0));
    peak = larger(peak, sum);
  }
  return peak;
}

/** What a rolling update adds with its first pod, and with its last one where no old one may go before that. */
function waysOf(demand: Demand): Size[] {
  const { rollout, isReplaced, before, after } = demand;
  if (rollout === null || !isReplaced || before === 0 || after === 0) return [];
  const first = growthOf(demand, 1, Math.min(before, Math.max(0, after - rollout.unavailable)));
  return rollout.unavailable > 0 ? [first] : [first, growthOf(demand, after, 1)];
}

/** With so many pods anew, and so many as they were. By the names of quotas: `requests.cpu`, `limits.memory`, `pods`. */
function growthOf(demand: Demand, anew: number, old: number): Size {
  const count = (pods: number, spec: Demand["new"]): Size =>
    new Map([
      ["pods", BigInt(pods) * ONE_UNIT],
      ...[...requestsOf(spec)].map(([key, size]): [string, bigint] => [
        `requests.${key}`,
        size * BigInt(pods),
      ]),
      ...[...limitsOf(spec)].map(([key, size]): [string, bigint] => [`limits.${key}`, size * BigInt(pods)]),
    ]);
  return add(count(anew, demand.new), count(old - demand.before, demand.old));
}

function unify(resource: string): string {
  if (resource === "cpu" || resource === "memory") return `requests.${resource}`;
  return resource === "count/pods" ? "pods" : resource;
}

function judgeOne(
  { metadata, status }: QuotaObject,
  subject: string,
  resource: string,
  hardText: string,
  added: bigint,
): Finding[] {
  const hard = parseQuantity(hardText);
  const used = parseQuantity(status.used[resource] ?? "0");
  if (added <= 0n || hard === null || used === null || used + added <= hard) return [];
  const unit = unify(resource).replace(/^(?:requests|limits)\./, "");
  const show = (value: bigint) => formatQuantity(unit, value);
  const [left, more] = [show(hard > used ? hard - used : 0n), show(added)];
  const message = `The quota ${quoteText(metadata.name)} has ${left} of ${quoteText(resource, 100)} left (${show(used)} of ${show(hard)} is used), and the plan adds ${more}.`;
  const numbers = { hard: show(hard), used: show(used), left, added: more };
  return [
    {
      kind: "risk",
      code: "over-quota",
      subject,
      message,
      numbers: { resource: resource.slice(0, 100), ...numbers },
    },
  ];
}

/** A quota of what a container requests refuses the pods whose containers do not say. */
function judgeMissing(demand: Demand, { metadata, spec }: QuotaObject): Finding[] {
  if (demand.after <= demand.before && !demand.isReplaced) return [];
  const { requests, limits } = demand.new.resources;
  // Of a pod that says it as a whole no container has to.
  if (Object.keys({ ...requests, ...limits }).length > 0) return [];
  const containers = [...demand.new.containers, ...demand.new.initContainers];
  return Object.keys(spec.hard).flatMap((resource) => {
    const [, field, key] = /^(requests|limits)\.(cpu|memory)$/.exec(unify(resource)) ?? [];
    if (field === undefined || key === undefined) return [];
    const of = field === "requests" ? "requests" : "limits";
    const silent = containers.filter(({ resources }) => resources[of][key] === undefined);
    const [first] = silent;
    if (first === undefined) return [];
    const { subject } = demand;
    const message = `The quota ${quoteText(metadata.name)} counts ${quoteText(resource, 100)}, which the container ${quoteText(first.name)} of ${subject} does not give: new pods of it are refused.`;
    return [
      {
        kind: "risk",
        code: "quota-needs-value",
        subject,
        message,
        numbers: { containers: silent.length },
      } satisfies Finding,
    ];
  });
}

function scoped({ metadata }: QuotaObject, subject: string): Finding {
  const message = `The quota ${quoteText(metadata.name)} is for some pods alone, by its scopes; whether the plan is within it has not been weighed.`;
  return { kind: "note", code: "quota-scoped", subject, message, numbers: {} };
}
