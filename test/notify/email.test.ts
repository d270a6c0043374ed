import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import type { MailServer } from "../../src/domain/notification-secrets.ts";
import { EmailNotifier, renderMail } from "../../src/notify/email.ts";
import type { NotifyMessage } from "../../src/notify/notifier.ts";
import { HOSTILE, notification, SUBJECT } from "../support/notification.ts";
import { startMailServer, startSilentServer } from "../support/notify-world.ts";

const TARGET = {
  ...{ name: "people", type: "email" as const },
  ...{ from: "scale@acme.example", to: ["ops@acme.example"] },
};
const MESSAGE: NotifyMessage = { subject: SUBJECT, news: [notification()] };
const CLEAR = { disabledCommands: ["STARTTLS"], allowInsecureAuth: true };

function send(port: number, over: Partial<MailServer> = {}, message = MESSAGE, withinMs = 5_000) {
  const server = { host: "127.0.0.1", port, secure: false, login: null, ...over };
  return new EmailNotifier(new Map([["people", server]]), null).send(
    TARGET,
    message,
    AbortSignal.timeout(withinMs),
  );
}

describe("a mail", () => {
  it.each([
    ["who asked", notification({ requestedBy: HOSTILE })],
    ["why it failed", notification({ kind: "failed", failure: HOSTILE })],
    ["the name", notification({ subject: { ...SUBJECT, name: HOSTILE } })],
    ["the id", notification({ subject: { ...SUBJECT, id: HOSTILE } })],
    ["the run", notification({ runUrl: HOSTILE })],
  ])(
    "arrives with its own headers and recipients alone, whatever text from outside says: %s",
    async (_, news) => {
      const { port, mails } = await startMailServer(CLEAR);
      expect(await send(port, {}, { subject: news.subject, news: [news] })).toEqual({ kind: "sent" });
      expect(mails[0]?.recipients).toEqual(["ops@acme.example"]);
      const [head = ""] = mails[0]?.raw.split("\r\n\r\n") ?? [];
      const names = head.split("\r\n").flatMap((line) => /^([A-Za-z-]+):/.exec(line)?.[1] ?? []);
      expect(names.filter((name) => /cc|reply-to$/i.test(name) && name !== "In-Reply-To")).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
      expect(mails[0]?.mail.html).toBeFalsy();
      expect(mails[0]?.mail.text).not.toMatch(/evil\.example\)|<|https?:\/\/evil/);
    },
  );

  it("begins a thread with the id of its subject, and answers in it on every machine", () => {
    const opened = renderMail(TARGET, MESSAGE);
    const applied = renderMail(TARGET, {
      subject: SUBJECT,
      news: [notification({ kind: "applied", requestedBy: "other" })],
    });
    expect(opened).not.toHaveProperty("inReplyTo");
    expect(applied).toMatchObject({
      subject: `Re: ${opened.subject}`,
      inReplyTo: opened.messageId,
      references: opened.messageId,
    });
    expect(applied.messageId).not.toBe(opened.messageId);
    expect(renderMail(TARGET, MESSAGE)).toEqual(opened);
    expect(opened.headers).toEqual({ "Auto-Submitted": "auto-generated" });
  });
});

describe("EmailNotifier", () => {
  const login = { user: "scale", pass: "a-mail-password-0123" };

  it("sends under the address of whoever runs it, where there is one", async () => {
    const { port, mails } = await startMailServer(CLEAR);
    const servers = new Map([["people", { host: "127.0.0.1", port, secure: false, login: null }]]);
    const notifier = new EmailNotifier(servers, "robot@operator.example");
    expect(await notifier.send(TARGET, MESSAGE, AbortSignal.timeout(5_000))).toEqual({ kind: "sent" });
    expect(mails[0]?.mail.from?.address).toBe("robot@operator.example");
    expect(mails[0]?.mail.messageId).toMatch(/@operator\.example>$/);
    expect(mails[0]?.raw).not.toContain("scale@acme.example");
  });

  it("logs in over TLS from the start, as far as the certificate is trusted", async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }]);
    const { port, mails } = await startMailServer({ secure: true, key, cert });
    const sent = await send(port, { secure: true, login });
    expect(sent).toMatchObject({ kind: "again", why: expect.stringContaining("could not be sent") });
    expect(mails).toEqual([]);
  });

  it("gives no password to a server elsewhere that has no TLS", async () => {
    let asked = 0;
    const { port, mails } = await startMailServer({
      ...CLEAR,
      onAuth: (_auth, _session, done) => {
        asked += 1;
        done(null, { user: "x" });
      },
    });
    // It reaches this machine, and is none of its names.
    expect(await send(port, { host: "0.0.0.0", login })).toMatchObject({
      why: "the mail server takes no TLS",
    });
    expect([asked, mails.length]).toEqual([0, 0]);
    expect(await send(port, { login })).toEqual({ kind: "sent" });
    expect(asked).toBe(1);
  });

  it.each([
    [550, "refused"],
    [451, "again"],
  ])("takes a %i for what it is, and says nothing of the server's words", async (responseCode, kind) => {
    const { port } = await startMailServer({
      ...CLEAR,
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("ops@acme.example is secret-words"), { responseCode })),
    });
    expect(await send(port)).toMatchObject({ kind, why: `the mail server answered ${responseCode}` });
  });

  it("waits no longer than it may for a server that says nothing, and leaves no connection", async () => {
    const { port, sockets } = await startSilentServer();
    expect(await send(port, {}, MESSAGE, 300)).toEqual({
      kind: "again",
      why: "no answer came in time",
      afterMs: null,
    });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("tells nothing of the server where nobody listens", async () => {
    expect(await send(1, { login })).toEqual({
      kind: "again",
      why: expect.stringMatching(/^the mail could not be sent( \(E[A-Z]+\))?$/),
      afterMs: null,
    });
  });
});
