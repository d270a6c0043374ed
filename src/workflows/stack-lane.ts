import type { Intent } from "../domain/intent.ts";
import type { ScaleResult } from "./scaling.ts";

type Waiting = {
  intents: readonly Intent[];
  resolve: (results: ScaleResult[]) => void;
  reject: (error: unknown) => void;
};

/** For how long a batch waits at most, in milliseconds, for what the one before it has started. */
const SETTLE_MS = 2_000;

/**
 * Runs one stack's scaling requests one batch after the other. Requests that arrive within the gathering time, or while a
 * batch is running, go together into the next batch and so into one commit. Between two batches it waits for `settled`, for a
 * moment: the next one is to find the pull request of the one before merged, and not to race its merge.
 */
export class StackLane {
  readonly #run: (intents: readonly Intent[]) => Promise<ScaleResult[]>;
  readonly #settled: () => Promise<void>;
  readonly #gatherMs: number;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #batch: Promise<void> = Promise.resolve();

  constructor(
    run: (intents: readonly Intent[]) => Promise<ScaleResult[]>,
    settled: () => Promise<void> = async () => {},
    gatherMs = 25,
  ) {
    this.#run = run;
    this.#settled = settled;
    this.#gatherMs = gatherMs;
  }

  /** One result per intent, in order. Rejects with what the batch rejected with. */
  enqueue(intents: readonly Intent[]): Promise<ScaleResult[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ intents, resolve, reject });
      if (!this.#isRunning) {
        this.#isRunning = true;
        setTimeout(() => void this.#drain(), this.#gatherMs);
      }
    });
  }

  /** Resolves when the batch that runs now is done, if one does. */
  batchDone(): Promise<void> {
    return this.#batch;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      this.#batch = promise;
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const results = await this.#run(batch.flatMap(({ intents }) => intents));
        let from = 0;
        for (const { intents, resolve } of batch) {
          resolve(results.slice(from, from + intents.length));
          from += intents.length;
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      done();
      await this.#untilSettled();
    }
    this.#isRunning = false;
  }

  async #untilSettled(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, SETTLE_MS);
    await Promise.race([this.#settled(), late]);
    clearTimeout(timer);
  }
}
