import type { Clock } from "../clock.ts";
import { type DeliveryAttempt, findMissed, MISSED_FOR_MS } from "../domain/missed-deliveries.ts";
import { ForgeError } from "../forge/forge.ts";

/** Where GitHub says what it has told the App, or has tried to. */
export interface HookDeliveries {
  /** The attempts since then, newest first; `part` where there are more than so many pages of a hundred. */
  readBack(
    sinceMs: number,
    mostPages: number,
  ): Promise<{ attempts: DeliveryAttempt[]; extent: "whole" | "part" }>;
  redeliver(id: string): Promise<void>;
}

export type Redelivered = { attempts: readonly DeliveryAttempt[]; extent: "whole" | "part" };

/** So many pages are read at most, and so many events asked for, in one pass. */
const MOST_PAGES = 10;
const MOST_AT_ONCE = 30;
/** GitHub lists an attempt when it is over, and gives it ten seconds. */
const OVERLAP_MS = 2 * 60_000;
/** An attempt that was asked for is listed by then. */
const ASKED_FOR_MS = 2 * 60_000;

/** Asks GitHub again for the events that have never reached the App. What it remembers only saves calls. */
export class MissedDeliveries {
  readonly #deliveries: HookDeliveries;
  readonly #clock: Clock;
  /** Attempts of the last hour of events that none has reached, by the attempt's id. */
  #failed = new Map<string, DeliveryAttempt>();
  readonly #asked = new Map<string, number>();
  #readToMs = 0;

  constructor(deliveries: HookDeliveries, clock: Clock) {
    this.#deliveries = deliveries;
    this.#clock = clock;
  }

  /** One pass: one call where all has arrived, and one for each event that is asked for. Throws `ForgeError`. */
  async redeliver(): Promise<Redelivered> {
    const nowMs = this.#clock();
    const sinceMs = Math.max(nowMs - MISSED_FOR_MS, this.#readToMs - OVERLAP_MS);
    const { attempts, extent } = await this.#deliveries.readBack(sinceMs, MOST_PAGES);
    this.#remember(attempts, nowMs);
    const missed = findMissed([...this.#failed.values()], nowMs).filter(({ guid }) => !this.#asked.has(guid));
    const asked: DeliveryAttempt[] = [];
    for (const attempt of missed.slice(0, MOST_AT_ONCE)) {
      this.#asked.set(attempt.guid, nowMs);
      if (await this.#ask(attempt)) asked.push(attempt);
    }
    return { attempts: asked, extent };
  }

  #remember(attempts: readonly DeliveryAttempt[], nowMs: number): void {
    const known = [...this.#failed.values(), ...attempts].filter(({ atMs }) => nowMs - atMs <= MISSED_FOR_MS);
    const reached = new Set(known.filter(({ outcome }) => outcome === "accepted").map(({ guid }) => guid));
    const failed = known.filter(({ guid }) => !reached.has(guid));
    this.#failed = new Map(failed.map((attempt) => [attempt.id, attempt]));
    for (const { atMs } of attempts) this.#readToMs = Math.max(this.#readToMs, atMs);
    for (const [guid, atMs] of this.#asked) if (nowMs - atMs >= ASKED_FOR_MS) this.#asked.delete(guid);
  }

  /** False where GitHub has forgotten it, or does not send it again. */
  async #ask({ id }: DeliveryAttempt): Promise<boolean> {
    try {
      await this.#deliveries.redeliver(id);
      return true;
    } catch (error) {
      if (error instanceof ForgeError && (error.code === "not-found" || error.code === "forbidden"))
        return false;
      throw error;
    }
  }
}
