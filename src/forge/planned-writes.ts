import type { Urgency } from "./forge.ts";

/** What a write is for. A merge ends what is open already: a pull request that stays open helps nobody. */
export type WriteUrgency = Urgency | "merge";

/**
 * The writes of one piece of work. The budget admits them together or not at all, so that nothing starts that would stop
 * half-way; what was not used of them is free again at the end.
 */
export class PlannedWrites {
  readonly urgency: WriteUrgency;
  /** The pull request that this merges, as `owner/repo#number`; null for any other work. */
  readonly merges: string | null;
  #left: number;
  #promisedTo: string | null = null;

  constructor(urgency: WriteUrgency, count: number, merges: string | null = null) {
    this.urgency = urgency;
    this.merges = merges;
    this.#left = count;
  }

  /** How many of them are still to come. */
  get left(): number {
    return this.#left;
  }

  /** The pull request for whose merge one write is kept. */
  get promisedTo(): string | null {
    return this.#promisedTo;
  }

  /** Uses one of them; false where all are used. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  /** Keeps one, beyond the end, for the merge of what was opened. */
  promiseTo(pull: string): void {
    this.#promisedTo = pull;
  }

  /** Nothing more is written; what was not used is given back. */
  end(): void {
    this.#left = Math.min(this.#left, this.#promisedTo === null ? 0 : 1);
  }
}
