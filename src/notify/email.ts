import { connect, type Socket } from "node:net";
import type { SMTPTransportOptions } from "nodemailer";
import { cleanLine } from "../domain/clean-text.ts";
import { isThisMachine, type MailServer } from "../domain/notification-secrets.ts";
import type { NamedTarget } from "../domain/notification-targets.ts";
import { describeNews, describeSubject } from "../domain/notification-words.ts";
import { sha256 } from "../domain/sha256.ts";
import type { Notifier, NotifyMessage, Sent } from "./notifier.ts";
import { codeOf } from "./post-json.ts";
import { runLink } from "./run-link.ts";

type EmailTarget = Extract<NamedTarget, { type: "email" }>;

/** E-mail over SMTP, by the names of targets. The messages of one subject are one thread. */
export class EmailNotifier implements Notifier {
  readonly #servers: ReadonlyMap<string, MailServer>;
  readonly #from: string | null;

  /** `from`: whoever runs this sends all mail under this address, whatever a repository says. */
  constructor(servers: ReadonlyMap<string, MailServer>, from: string | null) {
    this.#servers = servers;
    this.#from = from;
  }

  async send(target: NamedTarget, message: NotifyMessage, signal: AbortSignal): Promise<Sent> {
    const server = this.#servers.get(target.name);
    if (server === undefined || target.type !== "email")
      return { kind: "refused", why: "its mail server is not set" };
    try {
      await sendMail(server, renderMail({ ...target, from: this.#from ?? target.from }, message), signal);
      return { kind: "sent" };
    } catch (error) {
      if (signal.aborted) return { kind: "again", why: "no answer came in time", afterMs: null };
      return toSent(error);
    }
  }
}

/** A mail as nodemailer takes it: addresses from the settings, a subject that stays, and a text without markup. */
export type Mail = {
  from: string;
  to: string[];
  subject: string;
  text: string;
  messageId: string;
  inReplyTo?: string;
  references?: string;
  headers: Record<string, string>;
};

export function renderMail({ from, to }: EmailTarget, { subject, news }: NotifyMessage): Mail {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const thread = sha256(subject.id).toString("hex").slice(0, 32);
  const root = `<${thread}@${domain}>`;
  const [first, ...others] = news;
  // The beginning of a thread has the thread's own id, so that all else can be an answer to it, whoever sends it and when.
  const isFirst = first.kind === "opened";
  const last = others.at(-1) ?? first;
  const lines = news.flatMap((notification) => {
    const run = runLink(notification);
    const line = `${new Date(notification.atMs).toISOString()}  ${describeNews(notification)}`;
    return run === null ? [line] : [line, `  The run: ${run}`];
  });
  const title = cleanLine(describeSubject(subject).replaceAll("#", "No. "), 200);
  return {
    ...{ from, to: [...to] },
    subject: isFirst ? title : `Re: ${title}`,
    text: [...lines, ...(subject.url === null ? [] : ["", subject.url]), ""].join("\n"),
    ...(isFirst
      ? { messageId: root }
      : { messageId: `<${thread}.${last.id}@${domain}>`, inReplyTo: root, references: root }),
    // Holiday notices are not to answer.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

async function sendMail(server: MailServer, mail: Mail, signal: AbortSignal): Promise<void> {
  const { host, port, secure, login } = server;
  // Loaded when the first mail is sent: most apps send none.
  const { createTransport } = await import("nodemailer");
  let socket: Socket | undefined;
  const options: SMTPTransportOptions = {
    ...{ host, port, secure },
    ...(login === null ? {} : { auth: login, requireTLS: !secure && !isThisMachine(host) }),
    ...{ disableFileAccess: true, disableUrlAccess: true },
    // A socket of our own can be ended at any moment, whatever the server does.
    getSocket: (_options, done) => {
      const opened = connect(port, host);
      socket = opened;
      opened.once("error", (error) => done(error, false));
      opened.once("connect", () => done(null, { connection: opened }));
      if (signal.aborted) opened.destroy(new Error("it is too late"));
    },
  };
  const transport = createTransport(options);
  const end = () => socket?.destroy(new Error("it is too late"));
  signal.addEventListener("abort", end, { once: true });
  try {
    await transport.sendMail(mail);
  } finally {
    signal.removeEventListener("abort", end);
    transport.close();
    socket?.destroy();
  }
}

/** What a mail server says for good begins with a 5; all else may work later. Its words may hold addresses. */
function toSent(error: unknown): Sent {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const status = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : Number.NaN;
  if (code === "ETLS") return { kind: "again", why: "the mail server takes no TLS", afterMs: null };
  if (Number.isNaN(status))
    return { kind: "again", why: `the mail could not be sent${codeOf(error)}`, afterMs: null };
  const why = `the mail server answered ${status}`;
  return status >= 500 ? { kind: "refused", why } : { kind: "again", why, afterMs: null };
}
