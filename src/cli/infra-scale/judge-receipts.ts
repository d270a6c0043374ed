import { redactor } from "../../apply/redact.ts";
import { systemClock } from "../../clock.ts";
import { createJobClient } from "../../forge/github-apply-client.ts";
import { GitHubPlanReceipts } from "../../forge/github-plan-receipts.ts";
import { PLANS_FOLDER } from "../../kubernetes/apply/plan-place.ts";
import type { JudgeReceipt } from "../../kubernetes/plan-history.ts";
import { IssuerKeys } from "../../ledger/issuer-keys.ts";
import { oidcIssuerOf } from "../../ledger/oidc-issuer.ts";
import { receiptTrust } from "../../ledger/receipt-trust.ts";
import { readCredentials } from "./github-credentials.ts";

/**
 * Who tells which receipts count, as `apply-plan` and the app do: those that a job of the default branch has signed. That takes GitHub, which
 * alone knows the repository's number and the keys; where it cannot be asked, no receipt counts, and the reason says so.
 */
export function receiptJudge(environment: Readonly<Record<string, string | undefined>>): JudgeReceipt {
  const credentials = readCredentials(environment);
  if (typeof credentials === "string")
    return async () => `${credentials}, so GitHub was not asked who has signed it`;
  const { token, apiUrl, owner, repo } = credentials;
  const client = createJobClient(token, apiUrl);
  const forge = new GitHubPlanReceipts(async () => client);
  const keys = new IssuerKeys(environment.PULUMISCALE_OIDC_ISSUER || oidcIssuerOf(apiUrl), systemClock);
  let reading: ReturnType<typeof forge.readPlanReceipts> | null = null;
  return async (receipt, text) => {
    try {
      reading ??= forge.readPlanReceipts({ owner, repo }, PLANS_FOLDER);
      const found = await reading;
      const place = { baseBranch: found.baseBranch, read: async () => found };
      return await receiptTrust(place, keys, systemClock, null).judge(receipt, text);
    } catch (error) {
      return redactor([token])(error instanceof Error ? error.message : String(error));
    }
  };
}
