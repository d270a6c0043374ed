import { setTimeout as sleep } from "node:timers/promises";
import type { Sent } from "./notifier.ts";

/** All in milliseconds. */
export type SendWaits = {
  /** One try takes no longer. */
  tryMs: number;
  /** What is waited before the second, third and further tries; their number is how often is tried again. */
  againMs: readonly number[];
  /** What is left at the stop is tried for so long. */
  stopMs: number;
};

const WAITS: SendWaits = { tryMs: 10_000, againMs: [1_000, 5_000, 25_000], stopMs: 3_000 };
/** More than that waits for no target: what is newer is given up. */
const MOST_WAITING = 100;

type Send = (signal: AbortSignal) => Promise<Sent>;

/** The messages to one target, one after the other, each tried a few times. */
export class SendQueue {
  readonly #onGivenUp: (why: string) => void;
  readonly #waits: SendWaits;
  readonly #waiting: Send[] = [];
  /** Ends what is waited for between two tries. */
  readonly #hurry = new AbortController();
  /** Ends the try that runs. */
  readonly #end = new AbortController();
  #running: Promise<void> | null = null;
  #lost = 0;

  constructor(onGivenUp: (why: string) => void, waits: Partial<SendWaits> = {}) {
    this.#onGivenUp = onGivenUp;
    this.#waits = { ...WAITS, ...waits };
  }

  /** Takes a message, or gives it up where too many wait already. */
  add(send: Send): void {
    if (this.#hurry.signal.aborted) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lost += 1;
      // One line for each hundred: a target that is down for hours is told of, not logged about.
      if (this.#lost % MOST_WAITING === 1) this.#onGivenUp(`${MOST_WAITING} messages wait for it already`);
      return;
    }
    this.#waiting.push(send);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to be sent. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async stop(): Promise<void> {
    this.#hurry.abort();
    const timer = setTimeout(() => this.#end.abort(), this.#waits.stopMs);
    await this.idle();
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    for (let send = this.#waiting.shift(); send !== undefined; send = this.#waiting.shift()) {
      if (this.#end.signal.aborted) {
        this.#onGivenUp(`the app stops, with ${this.#waiting.length + 1} messages unsent`);
        this.#waiting.length = 0;
        break;
      }
      const why = await this.#trySeveralTimes(send);
      if (why !== null) this.#onGivenUp(why);
    }
    this.#running = null;
    // A target that is down again is told of again.
    this.#lost = 0;
  }

  /** Null where it was sent, else why not. */
  async #trySeveralTimes(send: Send): Promise<string | null> {
    for (let tries = 1; ; tries++) {
      const sent = await send(AbortSignal.any([this.#end.signal, AbortSignal.timeout(this.#waits.tryMs)]));
      if (sent.kind === "sent") return null;
      const waitMs = this.#waits.againMs[tries - 1];
      if (sent.kind === "refused") return sent.why;
      if (waitMs === undefined || this.#hurry.signal.aborted)
        return `${sent.why}, after ${tries === 1 ? "one try" : `${tries} tries`}`;
      await sleep(Math.max(waitMs, sent.afterMs ?? 0), undefined, { signal: this.#hurry.signal }).catch(
        () => {},
      );
    }
  }
}
