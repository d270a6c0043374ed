import type { Clock } from "../clock.ts";
import {
  domainOf,
  MAIL_DOMAINS,
  type NotificationSecrets,
  settingsOf,
} from "../domain/notification-secrets.ts";
import type { NamedTarget } from "../domain/notification-targets.ts";
import { repositoryKey } from "../domain/repository-name.ts";
import { EmailNotifier } from "./email.ts";
import type { NotificationOutbox, Notifier, NotifyMessage } from "./notifier.ts";
import { SendQueue, type SendWaits } from "./send-queue.ts";
import { SlackNotifier } from "./slack.ts";
import { WebhookNotifier } from "./webhook.ts";

type OutboxOptions = {
  secrets: NotificationSecrets;
  clock: Clock;
  waits?: Partial<SendWaits>;
  /** A message was given up; `why` holds no secret. */
  onGivenUp: (target: string, why: string) => void;
};

/**
 * A queue for each target of each repository: one that fails or hangs hinders no other, no repository's messages fill another's queue, and
 * nobody waits for any.
 */
export class Outbox implements NotificationOutbox {
  readonly #options: OutboxOptions;
  readonly #notifiers: Readonly<Record<NamedTarget["type"], Notifier>>;
  readonly #queues = new Map<string, SendQueue>();
  #isStopped = false;

  constructor(options: OutboxOptions) {
    const { secrets, clock } = options;
    this.#options = options;
    this.#notifiers = {
      slack: new SlackNotifier(secrets.slack),
      email: new EmailNotifier(secrets.smtp, secrets.mail.from),
      webhook: new WebhookNotifier(secrets.webhook, clock),
    };
  }

  lacks(target: NamedTarget): string[] {
    const { slack, smtp, webhook } = this.#options.secrets;
    const known = { slack, email: smtp, webhook }[target.type];
    return known.has(target.name) ? this.#forbids(target) : settingsOf(target);
  }

  /** Whoever runs this says which domains mail may go to, and come from. */
  #forbids(target: NamedTarget): string[] {
    const { from, domains } = this.#options.secrets.mail;
    if (target.type !== "email" || domains === null) return [];
    const addresses = [...target.to, ...(from === null ? [target.from] : [])];
    const others = new Set(addresses.map(domainOf).filter((domain) => !domains.has(domain)));
    return [...others].map((domain) => `${MAIL_DOMAINS} (without ${domain})`);
  }

  post(target: NamedTarget, message: NotifyMessage): void {
    if (this.#isStopped) return;
    const { type, name } = target;
    const notifier = this.#notifiers[type];
    const queue = this.#queueOf(`${type} ${name} of ${repositoryKey(message.subject.repository)}`);
    for (const part of type === "webhook" ? split(message) : [message])
      queue.add((signal) => notifier.send(target, part, signal));
  }

  /** Resolves when nothing is left to be sent. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  /** What waits is tried once more, for a moment; the rest is given up. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  }

  #queueOf(key: string): SendQueue {
    const { waits, onGivenUp } = this.#options;
    const queue = this.#queues.get(key) ?? new SendQueue((why) => onGivenUp(key, why), waits);
    this.#queues.set(key, queue);
    return queue;
  }
}

/** A machine gets each thing on its own, under its own id. */
function split({ subject, news }: NotifyMessage): NotifyMessage[] {
  return news.map((notification) => ({ subject, news: [notification] }));
}
