import { type KeyObject, verify } from "node:crypto";
import type { SnsMessage } from "./sns-message.ts";

/**
 * The text that SNS signs: names and values of the signed fields in turn, each on a line
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
 */
export function formatSignedText(message: SnsMessage): string {
  const fields: [name: string, value: string][] =
    message.Type === "Notification"
      ? [
          ["Message", message.Message],
          ["MessageId", message.MessageId],
          ...(message.Subject === undefined ? [] : [["Subject", message.Subject] satisfies [string, string]]),
          ["Timestamp", message.Timestamp],
        ]
      : [
          ["Message", message.Message],
          ["MessageId", message.MessageId],
          ["SubscribeURL", message.SubscribeURL],
          ["Timestamp", message.Timestamp],
          ["Token", message.Token],
        ];
  fields.push(["TopicArn", message.TopicArn], ["Type", message.Type]);
  return fields.map(([name, value]) => `${name}\n${value}\n`).join("");
}

/** Whether the key signed the message. Version 1 is RSA with SHA-1, version 2 with SHA-256. */
export function isSignedBy(message: SnsMessage, key: KeyObject): boolean {
  const algorithm = message.SignatureVersion === "1" ? "sha1" : "sha256";
  return verify(
    algorithm,
    Buffer.from(formatSignedText(message)),
    key,
    Buffer.from(message.Signature, "base64"),
  );
}
