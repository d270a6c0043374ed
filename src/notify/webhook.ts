import type { Clock } from "../clock.ts";
import type { Notification } from "../domain/notification.ts";
import type { SignedTarget } from "../domain/notification-secrets.ts";
import type { NamedTarget } from "../domain/notification-targets.ts";
import { describeNews, describeSubject } from "../domain/notification-words.ts";
import type { Notifier, NotifyMessage, Sent } from "./notifier.ts";
import { postJson } from "./post-json.ts";
import { runLink } from "./run-link.ts";
import { signWebhook } from "./sign-webhook.ts";

/** Signed webhooks as the Standard Webhooks specification has them: one request for each notification, in the order of what has happened. */
export class WebhookNotifier implements Notifier {
  readonly #targets: ReadonlyMap<string, SignedTarget>;
  readonly #clock: Clock;

  constructor(targets: ReadonlyMap<string, SignedTarget>, clock: Clock) {
    this.#targets = targets;
    this.#clock = clock;
  }

  async send({ name }: NamedTarget, { news }: NotifyMessage, signal: AbortSignal): Promise<Sent> {
    const target = this.#targets.get(name);
    if (target === undefined) return { kind: "refused", why: "its address is not set" };
    const [notification] = news;
    const body = JSON.stringify(renderWebhook(notification));
    const id = `msg_${notification.id}`;
    const headers = signWebhook({ id, atMs: this.#clock(), body, key: target.key });
    return postJson({ url: target.url, headers, body, signal });
  }
}

/** The body of a webhook. Text from outside is in `text` alone, cleaned, but for who asked and who approved. */
export function renderWebhook(notification: Notification): object {
  const { id, kind, atMs, subject, changes } = notification;
  return {
    type: `${subject.kind}.${kind}`,
    timestamp: new Date(atMs).toISOString(),
    data: {
      id,
      subject: {
        id: subject.id,
        kind: subject.kind,
        title: describeSubject(subject),
        owner: subject.repository.owner,
        repo: subject.repository.repo,
        name: subject.name,
        pullRequest: subject.pullRequest,
        commit: subject.commit,
        url: subject.url,
      },
      sequence: atMs,
      changes,
      text: describeNews(notification),
      runUrl: runLink(notification),
    },
  };
}
