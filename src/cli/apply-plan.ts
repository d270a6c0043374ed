import { randomUUID } from "node:crypto";
import { redactor, secretsOf } from "../apply/redact.ts";
import { systemClock } from "../clock.ts";
import { createJobClient } from "../forge/github-apply-client.ts";
import { GitHubPlanLedger } from "../forge/github-plan-ledger.ts";
import { applyPlans } from "../kubernetes/apply/apply-plans.ts";
import { PLANS_FOLDER } from "../kubernetes/apply/plan-place.ts";
import { renderReceiptTitle } from "../kubernetes/apply/render-plan-receipt.ts";
import { openClusters } from "../kubernetes/cluster/open-clusters.ts";
import { findKubeconfig } from "../kubernetes/find-kubeconfig.ts";
import { IssuerKeys } from "../ledger/issuer-keys.ts";
import { oidcIssuerOf } from "../ledger/oidc-issuer.ts";
import { receiptTrust } from "../ledger/receipt-trust.ts";
import { idTokenRequest } from "../ledger/request-id-token.ts";
import { printAnswer } from "./print-answer.ts";
import { UsageError } from "./usage-error.ts";

/** The flags of `apply-plan`. */
export type ApplyPlanFlags = {
  /** `owner/repo`; GITHUB_REPOSITORY unless given. */
  repo?: string;
  baseBranch?: string;
  target?: string;
  context?: string;
  /** Seconds. */
  timeout?: number;
  forceConflicts?: boolean;
  json?: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** `pulumiscale apply-plan`: applies the merged plans of `infra.scale`, as the Action does. Answers the exit code. */
export async function runApplyPlan(
  flags: ApplyPlanFlags,
  environment: Environment = process.env,
): Promise<number> {
  const { token, place } = readPlace(flags, environment);
  const apiUrl = environment.GITHUB_API_URL || "https://api.github.com";
  const redact = redactor([token, ...secretsOf(environment)]);
  const say = (line: string) => console.error(redact(line));
  const ledger = new GitHubPlanLedger(createJobClient(token, apiUrl, say), place);
  const keys = new IssuerKeys(environment.PULUMISCALE_OIDC_ISSUER || oidcIssuerOf(apiUrl), systemClock);
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: idToken } = environment;
  const { baseBranch } = place;
  const reading = { baseBranch, read: () => ledger.read() };
  const trust = receiptTrust(reading, keys, systemClock, idTokenRequest(url, idToken));
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  process.once("SIGTERM", () => interrupt.abort());
  const { receipts, problems } = await applyPlans(
    { ledger, trust },
    {
      clock: systemClock,
      clusterOf: openClusters(findKubeconfig(null, environment)),
      kubeContext: flags.context ?? null,
      onConflict: flags.forceConflicts ? "take-over" : "refuse",
      timeoutMs: (flags.timeout ?? 600) * 1000,
      pollMs: 1000,
      graceMs: 5_000,
      signal: interrupt.signal,
      say,
      redact,
    },
    { id: randomUUID(), url: null },
    flags.target ?? null,
  );
  const lines = [...receipts.map(renderReceiptTitle), ...problems];
  printAnswer(
    flags,
    { receipts, problems },
    lines.length === 0 ? "No plan is due." : redact(lines.join("\n")),
  );
  return problems.length === 0 ? 0 : 1;
}

function readPlace(flags: ApplyPlanFlags, environment: Environment) {
  const token = environment.GITHUB_TOKEN ?? environment.GH_TOKEN ?? "";
  if (token === "") {
    throw new UsageError(
      "GITHUB_TOKEN is not set, so the repository cannot be read. Set it to a token with `contents: write`.",
    );
  }
  const [owner, repo, ...more] = (flags.repo ?? environment.GITHUB_REPOSITORY ?? "").split("/");
  if (!owner || !repo || more.length > 0)
    throw new UsageError("No repository is named. Give --repo owner/name, or set GITHUB_REPOSITORY.");
  return {
    token,
    place: { owner, repo, baseBranch: flags.baseBranch ?? "main", folder: PLANS_FOLDER },
  };
}
