import type { Clock } from "../clock.ts";
import type { Snapshot } from "../domain/snapshot.ts";

/** For how long a snapshot is good for decisions, in milliseconds. */
export const SNAPSHOT_LIFE_MS = 10_000;

/**
 * One stack's newest snapshot. Concurrent readers share one read; a snapshot is never older than the last `invalidate`. One that
 * is no longer good is let go: with what was parsed of its history it takes megabytes, and there may be hundreds of stacks.
 */
export class SnapshotCache {
  readonly #read: () => Promise<Snapshot>;
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #stampNow: () => string;
  #stamp = "";
  #newest: Snapshot | null = null;
  #reading: Promise<Snapshot> | null = null;
  #generation = 0;

  /** `stampNow` answers at once, and something else as soon as what was read may not be so any more. */
  constructor(
    read: () => Promise<Snapshot>,
    clock: Clock,
    { lifeMs = SNAPSHOT_LIFE_MS, stampNow = () => "" }: { lifeMs?: number; stampNow?: () => string } = {},
  ) {
    this.#read = read;
    this.#clock = clock;
    this.#lifeMs = lifeMs;
    this.#stampNow = stampNow;
  }

  /** The snapshot in hand, if it is still good; reads nothing. */
  current(): Snapshot | null {
    const stamp = this.#stampNow();
    if (stamp !== this.#stamp) this.invalidate();
    this.#stamp = stamp;
    const snapshot = this.#newest;
    return snapshot !== null && this.#clock() - snapshot.readAtMs < this.#lifeMs ? snapshot : null;
  }

  async get(): Promise<Snapshot> {
    return this.current() ?? this.#readShared();
  }

  /** Forgets what is known: after an own write, a lost compare-and-swap, or news from the repository. */
  invalidate(): void {
    this.#generation += 1;
    this.#newest = null;
    this.#reading = null;
  }

  #keep(snapshot: Snapshot): void {
    this.#newest = snapshot;
    const letGo = () => {
      if (this.#newest === snapshot) this.#newest = null;
    };
    setTimeout(letGo, this.#lifeMs).unref();
  }

  #readShared(): Promise<Snapshot> {
    if (this.#reading !== null) return this.#reading;
    const generation = this.#generation;
    const reading = this.#read().then(
      (snapshot) => {
        // A read that began before a write must not come back after it.
        if (generation === this.#generation) {
          this.#keep(snapshot);
          this.#reading = null;
        }
        return snapshot;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#reading = null;
        throw error;
      },
    );
    this.#reading = reading;
    return reading;
  }
}
