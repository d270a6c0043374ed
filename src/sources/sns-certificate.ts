import { X509Certificate } from "node:crypto";
import type { Topic } from "../domain/topic-arn.ts";

/** Where a certificate of SNS may be fetched, and who its subject must be: null for an endpoint that an operator has set. */
export type CertificatePlace = { url: string; names: readonly string[] | null };

/** The path of a certificate: plain names, so that a URL of it is written in one way only. */
const CERTIFICATE_PATH = /^\/[A-Za-z0-9._/-]{1,200}\.pem$/;

/**
 * The place of a message's certificate, or null where it is not one that SNS would name for this topic: the host of the
 * topic's own region, as AWS's SDK for Java has it, or the endpoint that the operator has set. No port, no user, no query.
 */
export function placeOfCertificate(
  signingCertUrl: string,
  topic: Topic,
  endpoint: URL | null,
): CertificatePlace | null {
  const url = URL.parse(signingCertUrl);
  // What a URL parser would have to correct may be read in another way by the next one.
  if (url === null || url.href !== signingCertUrl || url.search !== "" || url.hash !== "") return null;
  if (!CERTIFICATE_PATH.test(url.pathname)) return null;
  if (url.username !== "" || url.password !== "") return null;
  if (url.origin === `https://${topic.host}`) return { url: url.href, names: certificateNames(topic) };
  return endpoint !== null && url.origin === endpoint.origin ? { url: url.href, names: null } : null;
}

/**
 * The names in SNS's certificates: `sns.amazonaws.com`, or `sns-signing.<region>.…` in regions that one opts in to; China and
 * GovCloud have names of their own (https://github.com/aws/aws-sdk-java-v2, SnsHostProvider).
 */
function certificateNames({ region, host }: Topic): string[] {
  const suffix = host.slice(`sns.${region}.`.length);
  const names = [`sns.${suffix}`, host, `sns-signing.${region}.${suffix}`, `sns-${region}.${suffix}`];
  return region.startsWith("us-gov-") ? [...names, `sns-us-gov-west-1.${suffix}`] : names;
}

export type CheckedCertificate =
  | { kind: "good"; certificate: X509Certificate; validToMs: number }
  | { kind: "bad"; why: string };

/** Whether this is a certificate that SNS signs with now. `names` as of `CertificatePlace`. */
export function checkCertificate(
  pem: string,
  names: readonly string[] | null,
  nowMs: number,
): CheckedCertificate {
  const certificate = parseCertificate(pem);
  if (certificate === null) return bad("it is no certificate");
  if (certificate.publicKey.asymmetricKeyType !== "rsa") return bad("its key is not RSA");
  if (nowMs < certificate.validFromDate.getTime()) return bad("it is not valid yet");
  if (nowMs > certificate.validToDate.getTime()) return bad("it is not valid any more");
  const isNamed = names?.some((name) => certificate.checkHost(name, { wildcards: false }) !== undefined);
  if (isNamed === false) return bad("it is not one of SNS in the topic's region");
  return { kind: "good", certificate, validToMs: certificate.validToDate.getTime() };
}

function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function bad(why: string): CheckedCertificate {
  return { kind: "bad", why };
}
