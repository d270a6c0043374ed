import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Intent } from "../../src/domain/intent.ts";
import { reason } from "../../src/domain/reasons.ts";
import type { SnsTopics } from "../../src/domain/sns-topics.ts";
import type {
  ControlsResult,
  Credential,
  HistoryView,
  PoolView,
  ScaleMode,
  ScaleResult,
  Scaling,
  StackControl,
  StackName,
} from "../../src/workflows/scaling.ts";

export type MemoryStack = { name: StackName; tokens: readonly string[]; pools: Map<string, number> };

export function stackName(owner: string, repo: string, alias: string): StackName {
  return { id: `${owner}/${repo}/${alias}`.toLowerCase(), owner, repo, alias };
}

/** `Scaling` over values in memory: moves by one step, no guardrail but max = 100, and remembers what it was asked. */
export class MemoryScaling implements Scaling {
  readonly asked: { stackId: string; intents: readonly Intent[]; mode: ScaleMode }[] = [];
  readonly controlled: { stackId: string; wish: StackControl }[] = [];
  notReady: string[] = [];
  hmacSecret: string | null = null;
  /** Runs in place of the decision, for a stack that fails or is slow. */
  readonly instead = new Map<string, () => Promise<ScaleResult[]>>();
  readonly history: HistoryView[] = [];
  /** The allowed topics of each stack. */
  readonly topics = new Map<string, SnsTopics>();
  poolReads = 0;
  readonly #stacks: readonly MemoryStack[];

  constructor(stacks: readonly MemoryStack[]) {
    this.#stacks = stacks;
  }

  stacksOpenedBy(credential: Credential): StackName[] {
    const token = this.#tokenOf(credential);
    if (token === null) return [];
    const given = sha256(token);
    return this.#stacks
      .filter(({ tokens }) => tokens.some((it) => timingSafeEqual(sha256(it), given)))
      .map(({ name }) => name);
  }

  hasPool(stackId: string, pool: string): boolean {
    return this.#find(stackId).pools.has(pool);
  }

  async scale(stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]> {
    this.asked.push({ stackId, intents, mode });
    const { name, pools } = this.#find(stackId);
    const instead = this.instead.get(stackId);
    if (instead !== undefined) return instead();
    return intents.map(({ pool, ask }) => {
      const from = pools.get(pool) ?? 0;
      const requested = ask.kind === "value" ? ask.value : from + (ask.kind === "delta" ? ask.delta : 1);
      const to = Math.min(100, requested);
      if (mode === "commit") pools.set(pool, to);
      return {
        stack: name.alias,
        pool,
        kind: to === from ? "hold" : "scale",
        from,
        to,
        requested,
        reasons: [reason(to === from ? "unchanged" : "requested", `${from} to ${to}.`)],
        delivery: to === from ? null : "direct",
        commit: null,
        pullRequest: null,
        ...(mode === "dry-run" ? { diff: `-${from}\n+${to}\n` } : {}),
      };
    });
  }

  async readPools(stackId: string, only?: string): Promise<PoolView[]> {
    this.poolReads++;
    await this.instead.get(stackId)?.();
    const { name, pools } = this.#find(stackId);
    const shown = [...pools].filter(([pool]) => only === undefined || pool === only);
    return shown.map(([pool, committed]) => ({
      stack: name.alias,
      pool,
      strategy: "incremental",
      min: 0,
      max: 100,
      step: 1,
      cooldownSeconds: 300,
      committed,
      applied: null,
      pending: null,
      awaitingApproval: null,
      cooldownUntil: "2026-11-20T12:00:00.000Z",
      paused: null,
      pinned: null,
      problem: null,
    }));
  }

  async readHistory(_stackId: string, _pool: string): Promise<HistoryView[]> {
    return this.history;
  }

  async snsTopics(stackId: string): Promise<SnsTopics> {
    return this.topics.get(stackId) ?? { kind: "refused", message: "The list is empty." };
  }

  async control(stackId: string, wish: StackControl): Promise<ControlsResult> {
    this.controlled.push({ stackId, wish });
    await this.instead.get(stackId)?.();
    const nothing = { replaced: [], stillHeld: [], unapplied: [], scale: null };
    return wish.kind === "pin" && wish.value > 100
      ? { kind: "refused", message: "web can have 0 to 100.", ...nothing }
      : { kind: "changed", message: "Done.", ...nothing };
  }

  notReadyBecause(): string[] {
    return this.notReady;
  }

  mayListMore(): boolean {
    return this.notReady.length > 0;
  }

  #find(stackId: string): MemoryStack {
    const stack = this.#stacks.find(({ name }) => name.id === stackId);
    if (stack === undefined) throw new Error(`no stack ${stackId}`);
    return stack;
  }

  #tokenOf(credential: Credential): string | null {
    if (credential.kind === "token") return credential.token;
    if (credential.kind === "none" || this.hmacSecret === null) return null;
    const digest = createHmac("sha256", this.hmacSecret).update(credential.body).digest("hex");
    return credential.signature === `sha256=${digest}` ? this.hmacSecret : null;
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
