/** A plan on the base branch. `text` is null where it is no file of text, or too large. */
export type PlanSource = { target: string; blob: string; text: string | null };

/** One read of a repository: the plans at the newest head of the base branch, and the ledger. */
export type PlanLedgerRead = {
  plans: readonly PlanSource[];
  /** The texts of `receipt.json`, by target. */
  receipts: ReadonlyMap<string, string>;
  /** Null where there is no ledger branch. */
  ledgerOid: string | null;
};

export type ReceiptCommit = {
  /** Compare-and-swap: the ledger branch must stand there; null makes it. */
  expectedHeadOid: string | null;
  path: string;
  text: string;
  headline: string;
  body: string;
};

/** Where plans are found, and their receipts put. */
export type PlanLedger = {
  read(): Promise<PlanLedgerRead>;
  /** The newest texts of a target's `receipt.json` that git keeps, newest first, with the one that stands there. Older ones may be missing. */
  readEarlier(target: string): Promise<readonly string[]>;
  /** The text of a plan that is not the newest any more; null where git has no such text. */
  readPlan(blob: string): Promise<string | null>;
  /** `again`: the branch has moved, or nobody knows whether it was written; to be read again. Throws where it never will work. */
  commit(commit: ReceiptCommit): Promise<"committed" | "again">;
};

/** Which receipts count, and how one is made that does. */
export type ReceiptTrust = {
  /** A token over the text of a receipt without one; null where this run may not sign, and need not. */
  sign(text: string): Promise<string | null>;
  /** Null where it counts; else why not, which goes on after "since". */
  judge(receipt: { publishedAt: string; attestation: string | null }, text: string): Promise<string | null>;
};
