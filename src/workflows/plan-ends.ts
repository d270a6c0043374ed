import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Notification } from "../domain/notification.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { sha256 } from "../domain/sha256.ts";
import type { MergedPlan, PlanReceiptForge, PlanReceipts } from "../forge/plan-receipt-forge.ts";
import { PLANS_FOLDER, planPath } from "../kubernetes/apply/plan-place.ts";
import { type PlanReceipt, parseReceipt } from "../kubernetes/apply/plan-receipt.ts";
import type { Background } from "./background.ts";
import { readPlanEnd } from "./read-plan-notifications.ts";

type PlanEndsOptions = {
  forge: PlanReceiptForge;
  /** Null where the receipt counts; else why not. Throws where nobody can say now. */
  judge: (found: PlanReceipts, receipt: PlanReceipt, text: string) => Promise<string | null>;
  notifications: {
    tellsPlanEnds: (name: RepositoryName) => boolean;
    take: (name: RepositoryName, source: string, reading: readonly Notification[]) => void;
  };
  clock: Clock;
  background: Background;
  /** What people look at: `https://github.com`. */
  serverUrl: string;
  onRefused: (name: RepositoryName, target: string, why: string) => void;
  onError: (name: RepositoryName, error: unknown) => void;
};

/** What has ended longer ago is no news. */
const OLD_MS = 24 * 60 * 60_000;
const MOST_REMEMBERED = 1_000;

/** Tells how merged plans have ended, by those of their receipts that count. Where nobody is to be told, nothing is read. */
export class PlanEnds {
  readonly #options: PlanEndsOptions;
  /** What was read of a receipt; empty of one that does not count. */
  readonly #read = new LRUCache<string, { reading: Notification[] }>({ max: MOST_REMEMBERED });

  constructor(options: PlanEndsOptions) {
    this.#options = options;
  }

  /** A repository is listed, as it is after each push to its ledger. */
  listed({ owner, repo }: RepositoryName): void {
    const name = { owner, repo };
    if (!this.#options.notifications.tellsPlanEnds(name)) return;
    this.#options.background.start(`plan ends ${repositoryKey(name)}`, () => this.#look(name));
  }

  async #look(name: RepositoryName): Promise<void> {
    const { forge, notifications, onError } = this.#options;
    try {
      const found = await forge.readPlanReceipts(name, PLANS_FOLDER);
      for (const [target, text] of found.texts) {
        try {
          notifications.take(name, `receipt ${target}`, await this.#readEnd(name, found, target, text));
        } catch (error) {
          onError(name, error);
        }
      }
    } catch (error) {
      onError(name, error);
    }
  }

  async #readEnd(
    name: RepositoryName,
    found: PlanReceipts,
    target: string,
    text: string,
  ): Promise<Notification[]> {
    const { clock, forge, judge, onRefused, serverUrl } = this.#options;
    const receipt = parseReceipt(text);
    if (receipt === null || receipt.finishedAt === null) return [];
    if (Date.parse(receipt.finishedAt) < clock() - OLD_MS) return [];
    const key = sha256(JSON.stringify([repositoryKey(name), target, text, found.repositoryFile])).toString(
      "hex",
    );
    const known = this.#read.get(key);
    if (known !== undefined) return known.reading;
    const why = isOf(receipt, target)
      ? await judge(found, receipt, text)
      : "it is of a plan of another folder";
    if (why !== null) onRefused(name, target, why);
    const merged: MergedPlan | null =
      why === null ? await forge.findMergedPlan(name, receipt.plan.path, receipt.plan.blob) : null;
    const reading = merged === null ? [] : readPlanEnd(receipt, merged, name, serverUrl);
    this.#read.set(key, { reading });
    return reading;
  }
}

/** One that is put into another folder keeps its signature. */
function isOf({ plan }: PlanReceipt, target: string): boolean {
  return plan.target === target && plan.path === planPath(target);
}
