import { z } from "zod";
import { type Parsed, parseWith, unprocessable } from "./parsed.ts";

/**
 * A field that stands in the signed text on a line of its own. Were line breaks allowed in it, one signed text could be cut
 * into fields in several ways, and what was signed for one topic be presented as another's.
 */
const Line = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, "it holds a line break or another control character");

const Signed = {
  MessageId: Line,
  TopicArn: Line,
  Message: z.string(),
  Timestamp: z.iso.datetime({ offset: true }),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.base64().min(1).max(2_048),
  SigningCertURL: Line,
};
const Confirmation = { ...Signed, Token: Line, SubscribeURL: Line };

/** What SNS posts to a URL (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html). Other fields are tolerated. */
export const SnsMessage = z.discriminatedUnion("Type", [
  z.object({ Type: z.literal("Notification"), ...Signed, Subject: Line.optional() }),
  z.object({ Type: z.literal("SubscriptionConfirmation"), ...Confirmation }),
  z.object({ Type: z.literal("UnsubscribeConfirmation"), ...Confirmation }),
]);
export type SnsMessage = z.infer<typeof SnsMessage>;

export const RAW_DELIVERY =
  "it came by raw message delivery, which SNS does not sign: switch RawMessageDelivery of the subscription off";

const NotSns = z
  .looseObject({ "detail-type": z.unknown(), AlarmName: z.unknown(), source: z.unknown() })
  .partial();

/** Reads the envelope. What is plainly something else of AWS's is told apart, so that the answer says what to change. */
export function parseSnsMessage(body: unknown): Parsed<SnsMessage> {
  const other = NotSns.safeParse(body).data;
  if (other !== undefined && !("Type" in other)) {
    if (other.AlarmName !== undefined) return unprocessable({ path: "$", message: RAW_DELIVERY });
    if (other["detail-type"] !== undefined) return unprocessable({ path: "$", message: EVENT_BRIDGE });
  }
  return parseWith(SnsMessage, body, "$");
}

export const EVENT_BRIDGE =
  "it is an event of EventBridge, and alarms come as CloudWatch itself notifies: make the topic an action of the alarm";
