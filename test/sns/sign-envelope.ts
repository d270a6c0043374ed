import { createSign } from "node:crypto";

/** A body as SNS posts it, before any of it has been checked. */
export type Envelope = Record<string, string>;

const SIGNED = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"];

/** Signs as SNS's documentation says: the signed names that the message has, in byte order, each with its value, on a line each. */
export function signEnvelope(envelope: Envelope, key: string): Envelope {
  const names = SIGNED.filter((name) => name in envelope).sort();
  const text = names.map((name) => `${name}\n${envelope[name]}\n`).join("");
  const sign = createSign(envelope.SignatureVersion === "2" ? "RSA-SHA256" : "RSA-SHA1");
  return { ...envelope, Signature: sign.update(text, "utf8").sign(key, "base64") };
}
