import { type RecordedName, recordedEnvelope } from "./recorded-envelope.ts";
import { type Envelope, signEnvelope } from "./sign-envelope.ts";
import { createSigningAuthority, type IssuedCertificate, type IssueOptions } from "./signing-authority.ts";

export const TOPIC = "arn:aws:sns:us-east-1:123456789012:scaling";
export const CERTIFICATE_URL =
  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem";

type Answerer = (url: URL) => Response | Promise<Response>;

/** What stands for AWS where no socket is wanted: it answers what `fetch` is asked, and remembers it. */
export type TestAws = {
  fetch: typeof fetch;
  asked: string[];
  inits: (RequestInit | undefined)[];
  /** The answers by URL without the query; what is not there is a 404. */
  answers: Map<string, Answerer>;
  key: string;
  /** A recorded body, of now and signed; with `over`, changed before it is signed. */
  signed: (name: RecordedName, over?: Partial<Envelope>) => Envelope;
  issue: (commonName: string, options?: IssueOptions) => Promise<IssuedCertificate>;
};

const CONFIRMED =
  '<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ConfirmSubscriptionResult>' +
  `<SubscriptionArn>${TOPIC}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55</SubscriptionArn>` +
  "</ConfirmSubscriptionResult></ConfirmSubscriptionResponse>";

const authority = createSigningAuthority();
const signer = authority.then(({ issue }) => issue("sns.amazonaws.com"));

export async function createTestAws(): Promise<TestAws> {
  const { issue } = await authority;
  const { certificate, key } = await signer;
  const asked: string[] = [];
  const inits: (RequestInit | undefined)[] = [];
  const answers = new Map<string, Answerer>([
    [CERTIFICATE_URL, () => new Response(certificate)],
    ["https://sns.us-east-1.amazonaws.com/", () => new Response(CONFIRMED)],
  ]);
  return {
    asked,
    inits,
    answers,
    key,
    issue,
    fetch: async (input, init) => {
      const url = new URL(String(input));
      asked.push(url.href);
      inits.push(init);
      const answer = answers.get(`${url.origin}${url.pathname}`);
      return answer === undefined ? new Response("no such key", { status: 404 }) : answer(url);
    },
    signed: (name, over = {}) => {
      const changed = { ...recordedEnvelope(name), Timestamp: new Date().toISOString(), ...over };
      const given = Object.entries(changed).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      return signEnvelope(Object.fromEntries(given), key);
    },
  };
}
