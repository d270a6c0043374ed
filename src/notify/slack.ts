import type { Notification } from "../domain/notification.ts";
import type { NamedTarget } from "../domain/notification-targets.ts";
import { describeNews, describeSubject } from "../domain/notification-words.ts";
import type { Notifier, NotifyMessage, Sent } from "./notifier.ts";
import { postJson } from "./post-json.ts";
import { runLink } from "./run-link.ts";

/** Slack's incoming webhooks, by the names of targets. Such a message can neither be changed nor answered: each is one of its own. */
export class SlackNotifier implements Notifier {
  readonly #urls: ReadonlyMap<string, string>;

  constructor(urls: ReadonlyMap<string, string>) {
    this.#urls = urls;
  }

  async send({ name }: NamedTarget, message: NotifyMessage, signal: AbortSignal): Promise<Sent> {
    const url = this.#urls.get(name);
    if (url === undefined) return { kind: "refused", why: "its address is not set" };
    const body = JSON.stringify(renderSlack(message));
    return postJson({ url, headers: {}, body, signal, readRefusal: readSlackCode });
  }
}

/** What Slack is sent: a text, and nothing that it fetches or links by itself. */
export type SlackPayload = { text: string; unfurl_links: false; unfurl_media: false };

export function renderSlack({ subject, news }: NotifyMessage): SlackPayload {
  const title = escapeSlack(describeSubject(subject));
  const head = subject.url === null ? `*${title}*` : `*<${subject.url}|${title}>*`;
  return {
    text: [head, ...news.map(renderLine)].join("\n"),
    ...{ unfurl_links: false, unfurl_media: false },
  };
}

function renderLine(notification: Notification): string {
  const run = runLink(notification);
  const link = run === null ? "" : ` <${run}|The run>`;
  return `${SIGNS[notification.kind]} ${escapeSlack(describeNews(notification))}${link}`;
}

const SIGNS = { opened: "⏳", waiting: "✋", failed: "❌", applied: "✅" };

/** Slack's own three: without them a text can hold neither a link nor a mention, whatever it says. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Slack answers with a code such as `channel_is_archived`. */
function readSlackCode(beginning: string): string | null {
  return /^[a-z_]{3,60}$/.test(beginning) ? beginning : null;
}
