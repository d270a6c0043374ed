import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedName } from "./recorded-envelope.ts";
import { recordedEnvelope } from "./recorded-envelope.ts";
import { type Envelope, signEnvelope } from "./sign-envelope.ts";
import { createSigningAuthority } from "./signing-authority.ts";

/** A part of SNS's delivery policy, in milliseconds instead of seconds: so many retries, so far apart. */
export type DeliveryPolicy = { numRetries: number; minDelayMs: number };

export type Subscription = {
  topicArn: string;
  endpoint: string;
  arn: string;
  token: string;
  isConfirmed: boolean;
  deliveryPolicy: DeliveryPolicy;
};

/** One attempt to deliver a message: the status, or 0 where the connection failed or 15 s were over. */
export type Attempt = { type: string; messageId: string; status: number };

export type Sns = {
  /** What `AWS_ENDPOINT_URL_SNS` is set to. */
  url: string;
  /** The authority's certificate, for `NODE_EXTRA_CA_CERTS`. */
  authority: string;
  /** The paths that were asked for. */
  asked: string[];
  attempts: Attempt[];
  /** What was not delivered and will not be tried again, as in a dead-letter queue. */
  deadLetters: Envelope[];
  /** Subscribes a URL to a topic and sends it the confirmation; resolves when that was delivered or given up. */
  subscribe: (topicArn: string, endpoint: string, policy?: DeliveryPolicy) => Promise<Subscription>;
  /** Publishes a text to the confirmed subscriptions of a topic; resolves when it was delivered or given up. */
  publish: (topicArn: string, message: string, subject?: string) => Promise<void>;
  /** Publishes what a recorded body carries. */
  publishRecorded: (topicArn: string, name: RecordedName, change?: Record<string, unknown>) => Promise<void>;
  unsubscribe: (subscription: Subscription) => Promise<void>;
  /** An envelope as it would be delivered, signed, for tests that deliver it themselves. */
  sign: (envelope: Envelope) => Envelope;
  stop: () => Promise<void>;
};

const CERTIFICATE = `/SimpleNotificationService-${randomBytes(16).toString("hex")}.pem`;
const ANSWER_WITHIN_MS = 15_000;

/**
 * A small SNS on a loopback port, over https with a certificate of its own authority: it signs, delivers, retries what a
 * delivery policy says on 5xx and 429, takes every other 4xx as final, and confirms subscriptions, as LocalStack does beside AWS.
 */
export async function startSns(signatureVersion: "1" | "2" = "2"): Promise<Sns> {
  const authority = await createSigningAuthority();
  const tls = await authority.issue("localhost", { ip: "127.0.0.1" });
  const signer = await authority.issue("sns.localhost.test");
  const subscriptions: Subscription[] = [];
  const asked: string[] = [];
  const attempts: Attempt[] = [];
  const deadLetters: Envelope[] = [];

  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, response) => {
    const url = new URL(request.url ?? "/", "https://localhost");
    asked.push(url.pathname + url.search);
    if (url.pathname === CERTIFICATE) {
      response.writeHead(200, { "content-type": "application/x-pem-file" }).end(signer.certificate);
      return;
    }
    const wanted = (it: Subscription) =>
      it.token === url.searchParams.get("Token") && it.topicArn === url.searchParams.get("TopicArn");
    const found = subscriptions.find(wanted);
    if (url.searchParams.get("Action") !== "ConfirmSubscription" || found === undefined) {
      response
        .writeHead(400)
        .end("<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>");
      return;
    }
    found.isConfirmed = true;
    response
      .writeHead(200, { "content-type": "text/xml" })
      .end(
        `<ConfirmSubscriptionResponse><ConfirmSubscriptionResult><SubscriptionArn>${found.arn}</SubscriptionArn></ConfirmSubscriptionResult></ConfirmSubscriptionResponse>`,
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const sign = (envelope: Envelope) => signEnvelope(envelope, signer.key);
  const envelopeOf = (topicArn: string, fields: Envelope): Envelope =>
    sign({
      MessageId: randomUUID(),
      TopicArn: topicArn,
      Timestamp: new Date().toISOString(),
      SignatureVersion: signatureVersion,
      SigningCertURL: `${url}${CERTIFICATE}`,
      ...fields,
    });

  /** The message id, the time stamp and the signature stay the same on every attempt. */
  async function deliver(subscription: Subscription, envelope: Envelope): Promise<void> {
    const { endpoint, arn, topicArn, deliveryPolicy } = subscription;
    const { Type: type = "", MessageId: messageId = "" } = envelope;
    for (let attempt = 0; ; attempt++) {
      const status = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "text/plain; charset=UTF-8",
          "user-agent": "Amazon Simple Notification Service Agent",
          "x-amz-sns-message-type": type,
          "x-amz-sns-message-id": messageId,
          "x-amz-sns-topic-arn": topicArn,
          "x-amz-sns-subscription-arn": arn,
        },
        body: JSON.stringify(envelope, null, 2),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      }).then(
        async (response) => {
          await response.text();
          return response.status;
        },
        () => 0,
      );
      attempts.push({ type, messageId, status });
      if (status >= 200 && status < 300) return;
      const isFinal = status >= 300 && status < 500 && status !== 429;
      if (isFinal || attempt >= deliveryPolicy.numRetries) break;
      await sleep(deliveryPolicy.minDelayMs);
    }
    deadLetters.push(envelope);
  }

  const publish: Sns["publish"] = async (topicArn, message, subject) => {
    const confirmed = subscriptions.filter((it) => it.isConfirmed && it.topicArn === topicArn);
    const given = subject === undefined ? {} : { Subject: subject };
    const envelope = envelopeOf(topicArn, { Type: "Notification", Message: message, ...given });
    const sent = (arn: string) => ({
      ...envelope,
      UnsubscribeURL: `${url}/?Action=Unsubscribe&SubscriptionArn=${arn}`,
    });
    await Promise.all(confirmed.map((it) => deliver(it, sent(it.arn))));
  };

  const confirmation = (type: string, { topicArn, token }: Subscription, text: string) =>
    envelopeOf(topicArn, {
      Type: type,
      Token: token,
      Message: text,
      SubscribeURL: `${url}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    });

  return {
    url,
    authority: authority.certificate,
    asked,
    attempts,
    deadLetters,
    sign,
    publish,
    publishRecorded: (topicArn, name, change = {}) => {
      const { Message = "", Subject } = recordedEnvelope(name);
      return publish(topicArn, JSON.stringify({ ...JSON.parse(Message), ...change }), Subject);
    },
    subscribe: async (topicArn, endpoint, deliveryPolicy = { numRetries: 3, minDelayMs: 100 }) => {
      const arn = `${topicArn}:${randomUUID()}`;
      const token = randomBytes(64).toString("hex");
      const subscription = { topicArn, endpoint, arn, token, isConfirmed: false, deliveryPolicy };
      subscriptions.push(subscription);
      const text = `You have chosen to subscribe to the topic ${topicArn}.`;
      await deliver(subscription, confirmation("SubscriptionConfirmation", subscription, text));
      return subscription;
    },
    unsubscribe: async (subscription) => {
      subscriptions.splice(subscriptions.indexOf(subscription), 1);
      const text = `You have chosen to deactivate subscription ${subscription.arn}.`;
      await deliver(subscription, confirmation("UnsubscribeConfirmation", subscription, text));
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
