import { contextsOf } from "../../kubernetes/build-plan.ts";
import type { Cluster } from "../../kubernetes/cluster/cluster.ts";
import { ClusterError } from "../../kubernetes/cluster/cluster-error.ts";
import { openCluster } from "../../kubernetes/cluster/open-cluster.ts";
import { plainLine, quoteText } from "../../kubernetes/cluster/quote-text.ts";
import { clusterCostRows } from "../../kubernetes/cluster-cost-rows.ts";
import { isSilence } from "../../kubernetes/detect/attempt.ts";
import { describeCluster } from "../../kubernetes/detect/describe-cluster.ts";
import { readFacts } from "../../kubernetes/detect/read-facts.ts";
import type { ClusterAnswers } from "../../kubernetes/fill-plan.ts";
import type { Finding } from "../../kubernetes/finding.ts";
import type { ClusterRequest } from "../../kubernetes/plan-arguments.ts";
import type { CostRow } from "../../kubernetes/plan-cost.ts";
import type { ScaleInput } from "../../kubernetes/scale-input.ts";
import type { ClusterState, PlanAction, ScalePlan } from "../../kubernetes/scale-plan.ts";
import { judgeCluster } from "../../kubernetes/validate/judge-cluster.ts";
import { type SeenAction, tryAction } from "../../kubernetes/validate/try-action.ts";

/**
 * Asks the clusters of a plan what they run, and what they say of it. Nothing is changed. One that does not answer is a risk that `tell` gets
 * too, and leaves its part of the plan as it is without one. Null where the kubeconfig leads to none, and none was asked for by name. Throws `ClusterError` where one that was
 * asked for by name is not in the kubeconfig.
 */
export async function askClusters(
  plan: ScalePlan,
  input: ScaleInput,
  use: ClusterRequest["use"],
  kubeconfig: readonly string[],
  tell: (line: string) => void,
): Promise<ClusterAnswers | null> {
  const contexts = new Set(
    input.workloads.flatMap((workload) => contextsOf(workload, input, plan.context.kubeContext)),
  );
  const seen = new Map<PlanAction, SeenAction>();
  const findings: Finding[] = [];
  const clusters: ClusterState[] = [];
  const pods: CostRow[] = [];
  for (const context of contexts) {
    if (context === null) throw noContext(kubeconfig);
    const cluster = await openCluster(kubeconfig, context).catch((error: unknown) => {
      if (use === "if-there-is-one" && error instanceof ClusterError) return null;
      throw error;
    });
    if (cluster === null) return null;
    const answer = await askCluster(cluster, plan, input).catch((error: unknown) => {
      const unanswered = toUnanswered(context, error);
      for (const { message } of unanswered.findings) tell(message);
      return unanswered;
    });
    for (const [action, found] of answer.seen) seen.set(action, found);
    clusters.push(...answer.clusters);
    pods.push(...answer.pods);
    // The same may be true of several.
    const where = contexts.size > 1 ? `In ${quoteText(context, 100)}: ` : "";
    findings.push(...answer.findings.map((finding) => ({ ...finding, message: where + finding.message })));
  }
  return { seen: plan.actions.map((action) => seen.get(action) ?? null), findings, clusters, pods };
}

type ClusterAnswer = Omit<ClusterAnswers, "seen"> & { seen: ReadonlyMap<PlanAction, SeenAction> };

/** A cluster that is stopped for the night, or whose sign-in has expired, keeps nobody from planning. */
function toUnanswered(context: string, error: unknown): ClusterAnswer {
  if (!(error instanceof ClusterError) || !isSilence(error)) throw error;
  const message = `Nothing could be checked. ${error.message} The plan is made as without a cluster.`;
  const subject = plainLine(context, 100);
  const finding: Finding = { kind: "risk", code: "not-checked", subject, message, numbers: {} };
  return { seen: new Map(), findings: [finding], clusters: [], pods: [] };
}

async function askCluster(cluster: Cluster, plan: ScalePlan, input: ScaleInput): Promise<ClusterAnswer> {
  const { kubeContext } = plan.context;
  const workloads = input.workloads.filter((workload) =>
    contextsOf(workload, input, kubeContext).includes(cluster.context),
  );
  const facts = await readFacts(cluster, input.namespace, workloads);
  const findings = judgeCluster(workloads, input.autoscaling, facts);
  const seen = new Map<PlanAction, SeenAction>();
  const actions = plan.actions.filter((action) => (action.kubeContext ?? kubeContext) === cluster.context);
  for (const action of actions) {
    const isGone = facts.workloads.get(action.name) === "absent" && !APART.includes(action.action);
    const tried = isGone ? NOTHING : await tryAction(cluster, { ...plan, actions }, action);
    if (tried.seen !== null) seen.set(action, tried.seen);
    findings.push(...tried.findings);
  }
  const isPlans = cluster.context === kubeContext ? "plan's own" : "another";
  return {
    seen,
    findings: dropRepeated(findings),
    clusters: [describeCluster(workloads, facts)],
    pods: clusterCostRows(workloads, input.autoscaling, facts, isPlans),
  };
}

/** Two changes of an object are refused for one reason. */
function dropRepeated(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()];
}

/** They are objects of their own, beside their workload. */
const APART: readonly string[] = ["apply_hpa", "apply_vpa"];
const NOTHING = { seen: null, findings: [] };

function noContext(kubeconfig: readonly string[]): ClusterError {
  const files = kubeconfig.map((file) => quoteText(file, 200)).join(", ");
  const why = files === "" ? "no kubeconfig was found" : `${files} is not there, or names no current context`;
  const message = `There is no cluster to ask: ${why}. Give --context and --kubeconfig, or --offline.`;
  return new ClusterError("kubeconfig", message);
}
