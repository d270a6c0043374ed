import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { signWebhook } from "../../src/notify/sign-webhook.ts";
import { renderWebhook, WebhookNotifier } from "../../src/notify/webhook.ts";
import { HOSTILE, notification, SUBJECT } from "../support/notification.ts";
import { startReceiver, WEBHOOK_KEY } from "../support/notify-world.ts";

const key = Buffer.from(WEBHOOK_KEY.slice("whsec_".length), "base64");
const TARGET = { name: "audit", type: "webhook" as const };

describe("WebhookNotifier", () => {
  it("signs as the library of the specification verifies, and anew with each try under the same id", async () => {
    const { url, posts } = await startReceiver();
    let nowMs = Date.now();
    const webhook = new WebhookNotifier(new Map([["audit", { url, key }]]), () => nowMs);
    const news = [notification({ requestedBy: HOSTILE })] as const;
    await webhook.send(TARGET, { subject: SUBJECT, news }, AbortSignal.timeout(5_000));
    nowMs += 2_000;
    await webhook.send(TARGET, { subject: SUBJECT, news }, AbortSignal.timeout(5_000));
    const judge = new Webhook(WEBHOOK_KEY);
    for (const { body, headers } of posts)
      expect(judge.verify(body, headers)).toMatchObject({ type: "scale.opened" });
    const [one, other] = posts.map(({ headers }) => headers);
    expect(one?.["webhook-id"]).toBe(`msg_${news[0].id}`);
    expect(other?.["webhook-id"]).toBe(one?.["webhook-id"]);
    expect(other?.["webhook-timestamp"]).not.toBe(one?.["webhook-timestamp"]);
    const { body = "", headers = {} } = posts[0] ?? {};
    expect(() => judge.verify(`${body} `, headers)).toThrow();
    expect(() => judge.verify(body, { ...headers, "webhook-id": "msg_other" })).toThrow();
  });

  it("signs the example of the specification as its library does", () => {
    const atMs = 1_674_087_231_000;
    const body = '{"type":"contact.created"}';
    const id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
    const signed = signWebhook({ id, atMs, body, key });
    expect(signed).toEqual({
      "webhook-id": id,
      "webhook-timestamp": "1674087231",
      "webhook-signature": new Webhook(WEBHOOK_KEY).sign(id, new Date(atMs), body),
    });
  });

  it("has text from outside cleaned, and nowhere but in the sentence and in what moves", () => {
    const hostile = notification({ kind: "failed", failure: HOSTILE, requestedBy: HOSTILE, runUrl: HOSTILE });
    expect(JSON.stringify(renderWebhook(hostile))).not.toMatch(/[<>@*`|]|evil\.example\/?"|\\r|\\n|\\u/);
  });
});
