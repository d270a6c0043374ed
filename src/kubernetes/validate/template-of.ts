import type { ClusterFacts, WorkloadFacts } from "../detect/cluster-facts.ts";
import type { Template } from "../detect/kube-objects.ts";
import { isOf } from "./is-of.ts";

/**
 * What the pods of a workload are like: by its template, or, of a custom resource, by a pod that it runs. Null where neither is known.
 */
export function templateOf({ template, selector }: WorkloadFacts, facts: ClusterFacts): Template | null {
  if (template !== null || selector === null) return template;
  const labels = parseLabels(selector);
  const pod = labels === null ? undefined : facts.pods?.find((one) => isOf(one, facts.namespace, labels));
  if (labels === null || pod === undefined) return null;
  return { metadata: { labels }, spec: pod.spec };
}

/** `app=web,tier=front`; null where it is of another form than equal to. */
function parseLabels(selector: string): Record<string, string> | null {
  const pairs = selector.split(",").map((part) => part.split(/==?/));
  const isPlain = pairs.every(([key = "", , ...more]) => /^[A-Za-z0-9./_-]+$/.test(key) && more.length === 0);
  return isPlain ? Object.fromEntries(pairs.map(([key = "", value = ""]) => [key, value])) : null;
}
