import { PLANS_FOLDER } from "./apply/plan-place.ts";
import { type PlanReceipt, parseReceipt } from "./apply/plan-receipt.ts";
import { givenEntries } from "./given-entries.ts";
import { parsePlanFile } from "./read-plan-file.ts";
import type { PlanAction } from "./scale-plan.ts";

/** A version of a file of plans, as git tells of it, newest first. `text` is null where it is no text, or too large. */
export type FileVersion = { path: string; blob: string; commit: string; at: string; text: string | null };

/** One plan that was merged, and what became of it. */
export type PlanHistoryEntry = {
  target: string;
  /** When it reached the branch, ISO 8601, and the commit. */
  mergedAt: string;
  commit: string;
  blob: string;
  /** Null where the file is no plan. */
  createdAt: string | null;
  namespace: string | null;
  /** What it changes, each as `Deployment/web → 6`; of a file that is no plan, why. */
  actions: string[];
  /** `due`: no run has ended with it; `superseded`: another plan came before one did; `unreadable`: the file is no plan. */
  outcome: PlanReceipt["outcome"] | "due" | "superseded" | "unreadable";
  receipt: PlanReceipt | null;
  /** Why the receipt may be anybody's; null where a job has signed it, or where there is none. */
  unverified: string | null;
};

/** Null where a receipt counts; else why nobody knows that a job has written it. */
export type JudgeReceipt = (receipt: PlanReceipt, text: string) => Promise<string | null>;

/** The history of plans, newest first. */
export async function readHistory(
  plans: readonly FileVersion[],
  receipts: readonly FileVersion[],
  judge: JudgeReceipt,
): Promise<PlanHistoryEntry[]> {
  const byBlob = await readLastWords(receipts, judge);
  const newest = new Set<string>();
  return plans.flatMap(({ path, blob, commit, at, text }): PlanHistoryEntry[] => {
    const target = targetOf(path);
    if (target === null) return [];
    const isNewest = !newest.has(target);
    newest.add(target);
    const parsed =
      text === null
        ? ({ kind: "bad", path: "", message: "it is no text, or too long" } as const)
        : parsePlanFile(text);
    const entry = { target, mergedAt: at, commit, blob };
    if (parsed.kind === "bad") {
      const why = `no plan: ${[parsed.path, parsed.message].filter((part) => part !== "").join(": ")}`;
      const unread = { createdAt: null, namespace: null, receipt: null, unverified: null };
      return [{ ...entry, ...unread, actions: [why], outcome: "unreadable" }];
    }
    const { metadata, context, actions } = parsed.plan;
    const { receipt, unverified } = byBlob.get(blob) ?? NO_WORD;
    return [
      {
        ...entry,
        createdAt: metadata.createdAt,
        namespace: context.namespace,
        actions: actions.map(renderAction),
        outcome: receipt?.outcome ?? (isNewest ? "due" : "superseded"),
        receipt,
        unverified,
      },
    ];
  });
}

const NO_WORD = { receipt: null, unverified: null };

/** The newest receipt of a plan is the last word on it: of those that count, where there are any. */
async function readLastWords(receipts: readonly FileVersion[], judge: JudgeReceipt) {
  const byBlob = new Map<string, { receipt: PlanReceipt; unverified: string | null }>();
  for (const { text } of receipts) {
    const receipt = text === null ? null : parseReceipt(text);
    if (text === null || receipt === null) continue;
    const known = byBlob.get(receipt.plan.blob);
    if (known?.unverified === null) continue;
    const unverified = await judge(receipt, text);
    if (known === undefined || unverified === null) byBlob.set(receipt.plan.blob, { receipt, unverified });
  }
  return byBlob;
}

/** The target of a path of a plan; null for any other path. */
export function targetOf(path: string): string | null {
  const [target, name, ...more] = path.slice(PLANS_FOLDER.length + 1).split("/");
  const isPlan = path.startsWith(`${PLANS_FOLDER}/`) && name === "plan.yaml" && more.length === 0;
  return isPlan && target ? target : null;
}

function renderAction(action: PlanAction): string {
  const { kind, name } = action;
  switch (action.action) {
    case "scale_workload":
      return `${kind}/${name} → ${action.to}`;
    case "update_cronjob":
      return `${kind}/${name} ${given({ suspend: action.suspend, parallelism: action.parallelism })}`;
    case "update_resources": {
      const { requests, limits } = action;
      const parts = [requests && `requests ${given(requests)}`, limits && `limits ${given(limits)}`];
      return `${kind}/${name} ${parts.filter((part) => part !== undefined).join(" ")}`;
    }
    case "apply_hpa":
      return `HPA ${name} ${given(action.hpa)}`;
    case "apply_vpa":
      return `VPA ${name} mode=${action.vpa.mode}`;
  }
}

function given(values: object): string {
  return givenEntries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
