import { randomUUID } from "node:crypto";
import type { LedgerTrust } from "../src/apply/trusted-entry.ts";
import type { Clock } from "../src/clock.ts";
import { createJobClient } from "../src/forge/github-apply-client.ts";
import { GitHubPlanLedger } from "../src/forge/github-plan-ledger.ts";
import { applyPlans, type PlansResult } from "../src/kubernetes/apply/apply-plans.ts";
import { PLANS_FOLDER } from "../src/kubernetes/apply/plan-place.ts";
import { renderReceiptMarkdown } from "../src/kubernetes/apply/render-plan-receipt.ts";
import { openClusters } from "../src/kubernetes/cluster/open-clusters.ts";
import type { IssuerKeys } from "../src/ledger/issuer-keys.ts";
import { receiptTrust } from "../src/ledger/receipt-trust.ts";
import type { Inputs } from "./inputs.ts";
import type { Report } from "./report.ts";

type PlanWorld = {
  ledger: LedgerTrust;
  keys: IssuerKeys;
  clock: Clock;
  report: Report;
  signal: AbortSignal;
};

/** Applies the merged plans of `infra.scale` to the clusters of the kubeconfig. */
export async function applyMergedPlans(
  { token, apiUrl, job, plans }: Pick<Inputs, "token" | "apiUrl" | "job" | "plans">,
  { ledger: { requestToken }, keys, clock, report, signal }: PlanWorld,
): Promise<PlansResult & { summary: string[] }> {
  const say = (line: string) => report.say("info", line);
  const place = { ...job.repository, folder: PLANS_FOLDER };
  const ledger = new GitHubPlanLedger(createJobClient(token, apiUrl, say), place);
  const { baseBranch } = place;
  const signer = requestToken === "unsigned" ? null : requestToken;
  const trust = receiptTrust({ baseBranch, read: () => ledger.read() }, keys, clock, signer);
  const { target, kubeContext, timeoutSeconds, onConflict, kubeconfig } = plans;
  const result = await applyPlans(
    { ledger, trust },
    {
      ...{ clock, signal, say, onConflict, kubeContext, redact: report.redact },
      clusterOf: openClusters(kubeconfig),
      timeoutMs: timeoutSeconds * 1000,
      pollMs: 1000,
      graceMs: 5_000,
    },
    { id: randomUUID(), url: job.runUrl },
    target,
  );
  return { ...result, summary: result.receipts.map(renderReceiptMarkdown) };
}
