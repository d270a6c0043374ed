/** Where plans are: `ops/plans/infra-scale/<target>/plan.yaml` on the base branch, and the receipt of each in the same folder of the ledger. */
export const PLANS_FOLDER = "ops/plans/infra-scale";

export function planPath(target: string): string {
  return `${PLANS_FOLDER}/${target}/plan.yaml`;
}

export function receiptPath(target: string): string {
  return `${PLANS_FOLDER}/${target}/receipt.json`;
}
