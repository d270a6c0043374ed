import type { Clock } from "../clock.ts";
import { decideNews, type Seen } from "../domain/notification-news.ts";
import { isWanted, namedTargets } from "../domain/notification-targets.ts";
import type { NotificationOutbox } from "../notify/notifier.ts";
import type { LocalStack } from "./local-stack.ts";
import { TryAgainError } from "./scaling.ts";

type LocalNotificationsOptions = {
  stack: Pick<LocalStack, "readNotifications">;
  outbox: NotificationOutbox;
  clock: Clock;
  /** A target cannot be told since settings are missing: told once for each. */
  onLacking: (target: string, settings: readonly string[]) => void;
  onError: (error: unknown) => void;
};

/** Tells targets what has become of the commits of one stack whose repository is at hand: applied, or failed. */
export class LocalNotifications {
  readonly #options: LocalNotificationsOptions;
  readonly #since: { openMs: number; endMs: number };
  readonly #lacking = new Set<string>();
  #seen: Seen | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: LocalNotificationsOptions) {
    this.#options = options;
    const startedAtMs = options.clock();
    this.#since = { openMs: startedAtMs, endMs: startedAtMs };
  }

  /** Looks for news, after the looks that were asked for before; what is wrong is told, never thrown. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { stack, outbox, onError } = this.#options;
    try {
      const { reading, targets } = await stack.readNotifications();
      const { news, seen } = decideNews(this.#seen, reading, this.#since);
      this.#seen = seen;
      const ready = namedTargets(targets).filter((target) => this.#lacks(target).length === 0);
      for (const notification of news)
        for (const target of ready.filter((one) => isWanted(one, notification)))
          outbox.post(target, { subject: notification.subject, news: [notification] });
    } catch (error) {
      if (!(error instanceof TryAgainError)) onError(error);
    }
  }

  #lacks(target: Parameters<NotificationOutbox["lacks"]>[0]): string[] {
    const { outbox, onLacking } = this.#options;
    const lacking = outbox.lacks(target);
    if (lacking.length > 0 && !this.#lacking.has(target.name)) {
      this.#lacking.add(target.name);
      onLacking(target.name, lacking);
    }
    return lacking;
  }
}
