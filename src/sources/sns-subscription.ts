import { type GetOptions, getFromSns } from "./sns-get.ts";

const WITHIN_MS = 4_000;
const LIMIT_BYTES = 16_384;

/**
 * Confirms a subscription: null where it is, else why not. The URL is made here of the origin that signed the message, the
 * topic and the token; `SubscribeURL` of the message says the same when it is honest, and is never followed.
 */
export async function confirmSubscription(
  fetch: GetOptions["fetch"],
  origin: string,
  { TopicArn, Token }: { TopicArn: string; Token: string },
): Promise<string | null> {
  const url = new URL("/", origin);
  url.search = new URLSearchParams({ Action: "ConfirmSubscription", TopicArn, Token }).toString();
  const got = await getFromSns(url.href, { fetch, withinMs: WITHIN_MS, limitBytes: LIMIT_BYTES });
  if (got.kind === "unanswered") return got.why;
  return got.status === 200 && got.text.includes("<SubscriptionArn>") ? null : `the answer was ${got.status}`;
}
