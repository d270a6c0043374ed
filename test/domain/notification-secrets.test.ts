import { describe, expect, it } from "vitest";
import { parseNotificationSecrets, settingsOf } from "../../src/domain/notification-secrets.ts";
import { readSettings } from "../../src/settings.ts";

const KEY = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

describe("parseNotificationSecrets", () => {
  it("finds targets by their names", () => {
    const { secrets, problems } = parseNotificationSecrets({
      PULUMISCALE_SLACK_URL_OPS_TEAM: "https://hooks.slack.example/services/T/B/X",
      PULUMISCALE_SMTP_URL_PEOPLE: "smtp://us%40er:p%2Fss@mail.internal:2525",
      PULUMISCALE_SMTP_URL_SAFE: "smtps://mail.internal",
      PULUMISCALE_WEBHOOK_URL_AUDIT: "http://10.0.0.7:8080/hook?x=1",
      PULUMISCALE_WEBHOOK_KEY_AUDIT: KEY,
      PULUMISCALE_HMAC_SECRET: "not-one-of-them",
    });
    expect(problems).toEqual([]);
    expect(secrets.slack).toEqual(new Map([["ops-team", "https://hooks.slack.example/services/T/B/X"]]));
    expect(secrets.smtp.get("people")).toEqual({
      ...{ host: "mail.internal", port: 2525, secure: false },
      login: { user: "us@er", pass: "p/ss" },
    });
    expect(secrets.smtp.get("safe")).toMatchObject({ port: 465, secure: true, login: null });
    expect(secrets.webhook.get("audit")).toEqual({
      ...{ url: "http://10.0.0.7:8080/hook?x=1", key: Buffer.alloc(24, 7) },
    });
    for (const text of ["/services/T/B/X", "p/ss", KEY, "/hook?x=1"])
      expect(secrets.texts.join()).toContain(text);
    expect(secrets.texts.join()).not.toContain("not-one-of-them");
  });

  it("asks for the settings that it reads", () => {
    expect(settingsOf({ type: "slack", name: "ops-team" })).toEqual(["PULUMISCALE_SLACK_URL_OPS_TEAM"]);
    expect(settingsOf({ type: "webhook", name: "a" })).toEqual([
      "PULUMISCALE_WEBHOOK_URL_A",
      "PULUMISCALE_WEBHOOK_KEY_A",
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      "a Slack address over http",
      { PULUMISCALE_SLACK_URL_A: "http://s3cr3t.example/x" },
      "PULUMISCALE_SLACK_URL_A",
    ],
    ["an address that is none", { PULUMISCALE_SLACK_URL_A: "s3cr3t" }, "PULUMISCALE_SLACK_URL_A"],
    ["an address with a password", { PULUMISCALE_SLACK_URL_A: "https://u:s3cr3t@x" }, "cannot be sent"],
    ["a mail server over http", { PULUMISCALE_SMTP_URL_A: "https://u:s3cr3t@mail" }, "smtp://user"],
    [
      "a password that is not encoded",
      { PULUMISCALE_SMTP_URL_A: "smtp://u:s3cr3t%zz@mail" },
      "percent-encoded",
    ],
    [
      "a webhook without a key",
      { PULUMISCALE_WEBHOOK_URL_A: "https://x/s3cr3t" },
      "PULUMISCALE_WEBHOOK_KEY_A is not set",
    ],
    [
      "a sender of mail with a name",
      { PULUMISCALE_MAIL_FROM: "s3cr3t <a@acme.example>" },
      "PULUMISCALE_MAIL_FROM: it has to be an e-mail",
    ],
    [
      "a domain with a star",
      { PULUMISCALE_MAIL_DOMAINS: "*.s3cr3t.example" },
      "PULUMISCALE_MAIL_DOMAINS: it has",
    ],
    ["a key without a webhook", { PULUMISCALE_WEBHOOK_KEY_A: KEY }, "PULUMISCALE_WEBHOOK_URL_A: is not set"],
    [
      "a short key",
      { PULUMISCALE_WEBHOOK_URL_A: "https://x", PULUMISCALE_WEBHOOK_KEY_A: "whsec_s3cr3t" },
      "24 to 64 random bytes",
    ],
  ])("refuses %s by name, and never shows it", (_, environment, expected) => {
    expect(() => readSettings(environment)).toThrow(expected);
    expect(() => readSettings(environment)).not.toThrow(/s3cr3t/);
  });
});
