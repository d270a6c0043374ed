import { z } from "zod";
import { safeJson } from "../../domain/safe-json.ts";
import { ActionState } from "./action-state.ts";

const LONGEST_LINE = 4000;
const Line = z.string().max(LONGEST_LINE);

/** What became of one action. */
const ActionReceipt = z.strictObject({
  action: z.string().max(63),
  /** `Deployment/web`. */
  subject: z.string().max(400),
  namespace: z.string().max(63),
  kubeContext: z.string().max(1000),
  /**
   * - `pending`: it is about to be applied
   * - `applied`; `unchanged`: it was so already
   * - `rolled-back`: it stands as it stood before
   * - `kept`: it stands neither as before nor as applied, since somebody has changed it, or it could not be taken back
   * - `left-to-autoscaler`: its autoscaler has set the replicas since, and they stay
   * - `not-reached`: nothing of it was applied
   */
  outcome: z.enum([
    "pending",
    "applied",
    "unchanged",
    "rolled-back",
    "kept",
    "left-to-autoscaler",
    "not-reached",
  ]),
  message: Line,
  /** What stood there before the plan, and what it was to be. */
  before: ActionState,
  after: ActionState,
});
export type ActionReceipt = z.infer<typeof ActionReceipt>;

/** What became of a plan: `receipt.json`, in the plan's folder on the ledger branch. */
export const PlanReceipt = z.strictObject({
  apiVersion: z.literal("infra.scale/v1"),
  kind: z.literal("PlanReceipt"),
  plan: z.strictObject({
    path: z.string().max(400),
    /** Git's id of the file, which says which plan of this path it was. */
    blob: z.string().regex(/^[0-9a-f]{40,64}$/),
    createdAt: z.iso.datetime(),
    target: z.string().max(63),
  }),
  /**
   * - `applying`: a run has begun, and perhaps ended without a word
   * - `applied`
   * - `rolling-back`: it failed, and a run has begun to take it back
   * - `rolled-back`: it failed, and everything is as before; `failed`: not everything
   * - `stale`: the cluster had changed since the plan was made, and nothing was applied
   */
  outcome: z.enum(["applying", "applied", "rolling-back", "rolled-back", "failed", "stale"]),
  message: Line,
  /** Which run has written it: another one that goes on with the plan takes it over. */
  run: z.string().max(63),
  startedAt: z.iso.datetime(),
  /** When this was written. */
  publishedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** Where its log is. */
  runUrl: z.string().max(2000).nullable(),
  actions: z.array(ActionReceipt),
  /** Commands that bring back what stood there before, last change first. */
  rollbackHints: z.array(Line),
  /** A token of GitHub's over all else, as that of a stack's entry; null where there is none. */
  attestation: z.string().max(20_000).nullable(),
});
export type PlanReceipt = z.infer<typeof PlanReceipt>;

/** Reads a receipt, whoever has written it; null where it is none. */
export function parseReceipt(text: string): PlanReceipt | null {
  if (text.length > LONGEST) return null;
  try {
    return PlanReceipt.safeParse(safeJson(text)).data ?? null;
  } catch {
    // Deeper than the stack.
    return null;
  }
}

const LONGEST = 2_000_000;

export function formatReceipt(receipt: PlanReceipt): string {
  return `${JSON.stringify(PlanReceipt.parse(receipt), null, 2)}\n`;
}

/** A text as a message of a receipt: what a cluster says has no end. */
export function cutMessage(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return `${text.slice(0, LONGEST_LINE - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** A command that is too long is left out, since a part of one does something else; what stood before is in the receipt. */
export function cutHint(command: string, subject: string): string {
  if (command.length <= LONGEST_LINE) return command;
  return `# The command for ${subject} is too long: see what stood "before" in the receipt.`;
}

/** Whether a run had begun, and not ended. */
export function isUnfinished({ outcome }: Pick<PlanReceipt, "outcome">): boolean {
  return outcome === "applying" || outcome === "rolling-back";
}

/** The JSON Schema of `receipt.json`. */
export function planReceiptJsonSchema(): object {
  return { title: "PlanReceipt", ...z.toJSONSchema(PlanReceipt, { io: "input" }) };
}
