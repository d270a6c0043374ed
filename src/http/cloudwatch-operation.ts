import type { Clock } from "../clock.ts";
import { parseTopicArn, type Topic } from "../domain/topic-arn.ts";
import { AlertQuery } from "../sources/alert-query.ts";
import { parseCloudwatch } from "../sources/cloudwatch.ts";
import { type Authenticity, checkAuthenticity } from "../sources/sns-authenticity.ts";
import { SnsCertificates } from "../sources/sns-certificates.ts";
import { parseSnsMessage, RAW_DELIVERY, type SnsMessage } from "../sources/sns-message.ts";
import { confirmSubscription } from "../sources/sns-subscription.ts";
import { type Scaling, TryAgainError } from "../workflows/scaling.ts";
import { type Call, parseParams, readJson, toInput, unprocessableAnswer } from "./call.ts";
import { problem } from "./problem.ts";
import { type ScaleDemandsOptions, type ScaledBatch, scaleDemands } from "./scale-demands.ts";
import { withinTime } from "./within-time.ts";

/** How the server speaks to SNS. */
export type SnsOptions = {
  fetch: typeof fetch;
  /** The operator's own SNS beside AWS's, such as LocalStack's; null for none. */
  endpoint: URL | null;
};

export type CloudwatchOptions = ScaleDemandsOptions & { sns: SnsOptions; scaling: Scaling; clock: Clock };

/** What is to be answered. */
type Outcome = ({ kind: "scaled" } & ScaledBatch) | { kind: "answer"; response: Response };

const NOTHING: Outcome = { kind: "scaled", results: [], retryAfterSeconds: null };
const RETRY_AFTER_SECONDS = 20;

/**
 * `POST /webhook/{pool}/cloudwatch`: alarms of CloudWatch, by way of a topic of SNS. What costs nothing is checked first; the
 * whole is answered in time, since SNS waits for 15 s.
 */
export function createCloudwatchOperation(
  options: CloudwatchOptions,
  answer: (call: Call, batch: ScaledBatch) => Response,
): (call: Call) => Promise<Response> {
  const { sns, scaling, clock, answerWithinMs } = options;
  const certificates = new SnsCertificates({ fetch: sns.fetch, clock });

  async function receive(call: Call, message: SnsMessage, topic: Topic, query: AlertQuery): Promise<Outcome> {
    const [stack] = call.stacks;
    const authenticity = await checkAuthenticity(message, topic, {
      certificates,
      endpoint: sns.endpoint,
      nowMs: clock(),
      readTopics: () => scaling.snsTopics(stack.id),
    });
    if (authenticity.kind !== "authentic") return notAuthentic(call, authenticity);
    switch (message.Type) {
      case "UnsubscribeConfirmation":
        // Somebody has ended the subscription. The URL in the message would begin it anew.
        return NOTHING;
      case "SubscriptionConfirmation": {
        const failure = await confirmSubscription(sns.fetch, authenticity.origin, message);
        if (failure === null) return NOTHING;
        throw new TryAgainError(`SNS did not confirm the subscription: ${failure}.`, RETRY_AFTER_SECONDS);
      }
      case "Notification": {
        const scope = { alias: stack.alias, pool: call.scope.pool ?? "" };
        const demand = toInput(call, parseCloudwatch(message.Message, scope, query));
        if (demand.kind === "answer") return demand;
        if (demand.value === null) return NOTHING;
        return { kind: "scaled", ...(await scaleDemands([demand.value], call.stacks, call.mode, options)) };
      }
    }
  }

  return async (call) => {
    const query = parseParams(call, AlertQuery);
    if (query.kind === "answer") return query.response;
    if (call.incoming.headers["x-amz-sns-rawdelivery"] === "true")
      return unprocessableAnswer([{ path: "x-amz-sns-rawdelivery", message: RAW_DELIVERY }], call.path);
    const body = await readJson(call);
    if (body.kind === "answer") return body.response;
    const parsed = toInput(call, parseSnsMessage(body.value));
    if (parsed.kind === "answer") return parsed.response;
    const message = parsed.value;
    const topic = parseTopicArn(message.TopicArn);
    if (topic === null) return unprocessableAnswer([{ path: "$.TopicArn", message: NO_TOPIC }], call.path);
    call.facts.sns = { type: message.Type, topic: topic.arn };
    const outcome = await withinTime(receive(call, message, topic, query.value), answerWithinMs);
    return outcome.kind === "answer" ? outcome.response : answer(call, outcome);
  };
}

const NO_TOPIC = "it is no ARN of a standard topic, such as arn:aws:sns:us-east-1:123456789012:scaling";

function notAuthentic(call: Call, { kind, message }: Exclude<Authenticity, { kind: "authentic" }>): Outcome {
  call.facts.why = message;
  if (kind === "unavailable") throw new TryAgainError(message, RETRY_AFTER_SECONDS);
  return { kind: "answer", response: problem("forbidden", message, { instance: call.path }) };
}
