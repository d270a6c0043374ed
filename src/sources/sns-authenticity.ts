import type { SnsTopics } from "../domain/sns-topics.ts";
import type { Topic } from "../domain/topic-arn.ts";
import { placeOfCertificate } from "./sns-certificate.ts";
import type { SnsCertificates } from "./sns-certificates.ts";
import type { SnsMessage } from "./sns-message.ts";
import { isSignedBy } from "./sns-signature.ts";

/** A message that is what it says it is, and of a topic that may speak; or not, for good or for the moment, in a sentence. */
export type Authenticity =
  /** `origin` is the place that signed, where a subscription is confirmed. */
  | { kind: "authentic"; origin: string }
  | { kind: "refused"; message: string }
  | { kind: "unavailable"; message: string };

export type AuthenticityOptions = {
  certificates: SnsCertificates;
  /** The operator's own SNS beside AWS's; null for none. */
  endpoint: URL | null;
  nowMs: number;
  /** The topics that the stack lets in. */
  readTopics: () => Promise<SnsTopics>;
};

/** SNS retries for an hour at most, with the first time stamp: what is older is a recording. */
const MAX_AGE_MS = 60 * 60_000;
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Checks what costs nothing first. The topic that a message claims is held against the list before anything is fetched for it;
 * the signature, which is over the topic too, then proves the claim.
 */
export async function checkAuthenticity(
  message: SnsMessage,
  topic: Topic,
  { certificates, endpoint, nowMs, readTopics }: AuthenticityOptions,
): Promise<Authenticity> {
  const ageMs = nowMs - Date.parse(message.Timestamp);
  if (ageMs > MAX_AGE_MS)
    return refused("The message is more than an hour old: SNS does not send it any more.");
  if (ageMs < -MAX_AHEAD_MS)
    return refused("The message is of a time to come. If it was just sent, set the clock of this server.");
  const place = placeOfCertificate(message.SigningCertURL, topic, endpoint);
  if (place === null)
    return refused(
      "SigningCertURL is no certificate of SNS in the topic's region, so nothing is fetched from it.",
    );
  const topics = await readTopics();
  if (topics.kind === "refused") return refused(topics.message);
  if (!topics.arns.has(topic.arn))
    return refused(
      `The topic ${topic.arn} is not in the list pulumiscale:sns-topics of the stack file. If it may scale this stack, add it ` +
        "with `pulumi config set --path 'pulumiscale:sns-topics[…]' <topic ARN>` and commit the stack file.",
    );
  const found = await certificates.find(place, topic.arn);
  if (found.kind === "unavailable")
    return { kind: "unavailable", message: `The certificate of SNS could not be fetched: ${found.why}.` };
  if (found.kind === "bad") return refused(`The certificate of the message is not accepted: ${found.why}.`);
  if (!isSignedBy(message, found.key)) return refused("The signature of the message is wrong.");
  return { kind: "authentic", origin: new URL(place.url).origin };
}

function refused(message: string): Authenticity {
  return { kind: "refused", message };
}
