import { setTimeout as sleep } from "node:timers/promises";
import type { PlanLedger, ReceiptTrust } from "./plan-ledger.ts";
import { receiptPath } from "./plan-place.ts";
import { formatReceipt, type PlanReceipt } from "./plan-receipt.ts";

/** Another run has gone on with the plan, or another plan has come: this run has nothing more to say of it. */
export class PlanSuperseded extends Error {
  readonly code = "superseded";
  constructor(target: string) {
    super(`Another run has gone on with the plan of ${target}, so this one leaves it.`);
    this.name = "PlanSuperseded";
  }
}

/** The receipt of one plan as this run knows it. */
export type ReceiptKeeper = {
  /** Writes it over the one that this run knows. Throws `PlanSuperseded` where another stands there. */
  write(receipt: PlanReceipt): Promise<void>;
  /** Throws `PlanSuperseded` where another stands there. */
  confirm(): Promise<void>;
};

const ATTEMPTS = 12;

/** `known` is the receipt that was read; null where there was none. */
export function keepReceipt(
  { ledger, trust }: { ledger: PlanLedger; trust: ReceiptTrust },
  target: string,
  known: string | null,
): ReceiptKeeper {
  let standing = known;
  const readStanding = async (written: string | null) => {
    const read = await ledger.read();
    const text = read.receipts.get(target) ?? null;
    if (written !== null && text === written) return { kind: "written" as const };
    if (text !== standing) throw new PlanSuperseded(target);
    return { kind: "as known" as const, plans: read.plans, ledgerOid: read.ledgerOid };
  };
  return {
    confirm: async () => {
      await readStanding(null);
    },
    write: async (receipt) => {
      const unsigned = formatReceipt({ ...receipt, attestation: null });
      const attestation = await trust.sign(unsigned);
      const text = attestation === null ? unsigned : formatReceipt({ ...receipt, attestation });
      for (let attempt = 1; ; attempt++) {
        const read = await readStanding(text);
        if (read.kind === "written") break;
        // What has begun is brought to its end; what has not is not begun where a newer plan is merged.
        const isNewest = read.plans.some((plan) => plan.target === target && plan.blob === receipt.plan.blob);
        if (receipt.outcome === "applying" && !isNewest) throw new PlanSuperseded(target);
        const { headline, body } = renderCommit(receipt);
        const commit = { path: receiptPath(target), text, headline, body, expectedHeadOid: read.ledgerOid };
        if ((await ledger.commit(commit)) === "committed") break;
        if (attempt >= ATTEMPTS) {
          throw new Error(
            `The receipt of the plan of ${target} could not be written, since the ledger branch keeps moving or does not answer. Run it again: it goes on from there.`,
          );
        }
        await sleep(100 * attempt * (0.5 + Math.random()));
      }
      standing = text;
    },
  };
}

function renderCommit({ plan, outcome, run }: PlanReceipt): { headline: string; body: string } {
  return {
    headline: `infra.scale(${plan.target}): ${outcome}`,
    body: `Infra-Scale-Target: ${plan.target}\nInfra-Scale-Plan: ${plan.blob}\nInfra-Scale-Outcome: ${outcome}\nInfra-Scale-Run: ${run}`,
  };
}
