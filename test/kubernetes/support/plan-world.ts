import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { createJobClient } from "../../../src/forge/github-apply-client.ts";
import { GitHubPlanLedger } from "../../../src/forge/github-plan-ledger.ts";
import { applyPlans } from "../../../src/kubernetes/apply/apply-plans.ts";
import { PLANS_FOLDER, planPath, receiptPath } from "../../../src/kubernetes/apply/plan-place.ts";
import { type PlanReceipt, parseReceipt } from "../../../src/kubernetes/apply/plan-receipt.ts";
import { openClusters } from "../../../src/kubernetes/cluster/open-clusters.ts";
import { renderPlanFile } from "../../../src/kubernetes/plan-file.ts";
import type { PlanAction, ScalePlan } from "../../../src/kubernetes/scale-plan.ts";
import { startGitHub } from "../../github/start-github.ts";
import type { Manifest } from "./cluster-client.ts";

export const REPO = "your-org/your-repo";

let plans = 0;
const AN_HOUR_AGO_MS = Date.now() - 60 * 60_000;

/** A plan of the namespace `default`, made within the last hour, each a second after the one before. */
export function planOf(actions: readonly PlanAction[], more: Partial<ScalePlan> = {}): ScalePlan {
  plans += 1;
  return {
    apiVersion: "infra.scale/v1",
    kind: "ScalePlan",
    metadata: { createdAt: new Date(AN_HOUR_AGO_MS + plans * 1000).toISOString(), target: "prod" },
    context: { kubeContext: null, namespace: "default" },
    assumptions: { autoscaling: "hpa" },
    actions: [...actions],
    rollbackHints: [],
    risks: [],
    notes: [],
    ...more,
  };
}

/** `scale_workload`, as a plan without a cluster has it. */
export function scaleTo(name: string, to: number, kind = "Deployment"): PlanAction {
  const action = "scale_workload";
  // biome-ignore lint/suspicious/noTemplateCurlyInString: so it stands in the file.
  return { action, kind, name, namespace: "default", from: "${detect}", to, reason: "requested_scale" };
}

/** A workload of `default` with one container, which requests 100m of CPU. */
export function workload(
  kind: string,
  name: string,
  spec: object,
  annotations: Record<string, string> = {},
): Manifest {
  const labels = { app: name };
  const container = { name: "main", image: "shop:1", resources: { requests: { cpu: "100m" } } };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: { containers: [container] } },
      ...spec,
    },
  };
}

/** What a run is given beside what all have. */
export type RunOptions = {
  /** In place of the world's. */
  kubeconfig?: string;
  timeoutMs?: number;
  kubeContext?: string;
  target?: string;
  onConflict?: "refuse" | "take-over";
  signal?: AbortSignal;
  /** How long after now it is taken to be. */
  laterMs?: number;
  /** Why receipts of other runs do not count; they do unless given. */
  refuseReceipts?: string;
};

/** GitHub with a repository of plans, and runs that apply what is merged there to the cluster of a kubeconfig. */
export async function openPlanWorld(kubeconfig: string) {
  const github = await startGitHub();
  onTestFinished(() => github.stop());
  github.createUser("your-org");
  await github.createRepository({
    owner: "your-org",
    name: "your-repo",
    files: { "README.md": "# infra\n" },
  });
  const token = github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { contents: "write", metadata: "read" },
  });
  const folder = { owner: "your-org", repo: "your-repo", baseBranch: "main", folder: PLANS_FOLDER };
  const ledger = new GitHubPlanLedger(createJobClient(token, github.apiUrl), folder);
  const commit = (files: Readonly<Record<string, string | null>>, branch = "main") =>
    github.commit(REPO, { branch, message: "a plan", login: "your-org", files });
  return {
    github,
    ledger,
    token,
    commit,
    /** Merges plans in one commit. */
    merge: (...merged: readonly ScalePlan[]) =>
      commit(
        Object.fromEntries(merged.map((plan) => [planPath(plan.metadata.target), renderPlanFile(plan)])),
      ),
    readReceipt: async (target = "prod"): Promise<PlanReceipt | null> => {
      const text = await github.readFile(REPO, receiptPath(target), "pulumiscale");
      return text === null ? null : parseReceipt(text);
    },
    run: async (options: RunOptions = {}) => {
      const lines: string[] = [];
      const result = await applyPlans(
        { ledger, trust: { sign: async () => null, judge: async () => options.refuseReceipts ?? null } },
        {
          clock: () => Date.now() + (options.laterMs ?? 0),
          clusterOf: openClusters([options.kubeconfig ?? kubeconfig]),
          kubeContext: options.kubeContext ?? null,
          onConflict: options.onConflict ?? "refuse",
          timeoutMs: options.timeoutMs ?? 20_000,
          pollMs: 100,
          graceMs: 1500,
          signal: options.signal ?? new AbortController().signal,
          say: (line) => void lines.push(line),
          redact: (text) => text,
        },
        { id: randomUUID(), url: null },
        options.target ?? null,
      );
      return { ...result, lines };
    },
  };
}
