import { createHmac } from "node:crypto";

/** What is signed: `id` without a full stop in it, when it is sent, and the body's very text. */
export type WebhookToSign = { id: string; atMs: number; body: string; key: Buffer };

/** The three headers of the Standard Webhooks specification, with its symmetric signature `v1`, HMAC-SHA256. */
export function signWebhook({ id, atMs, body, key }: WebhookToSign): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}
