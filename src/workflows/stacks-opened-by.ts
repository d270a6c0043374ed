import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "../domain/sha256.ts";
import type { StackName } from "../domain/stack-name.ts";
import type { Credential } from "./scaling.ts";

/**
 * The stacks that a credential opens, by the SHA-256 hashes of their tokens. `hmacSecret` is the one token that may sign instead of
 * being sent; null: no signatures. Constant time over all stacks.
 */
export function stacksOpenedBy(
  credential: Credential,
  hmacSecret: string | null,
  stacks: Iterable<{ name: StackName; hashes: readonly Buffer[] }>,
): StackName[] {
  const digest = digestOf(credential, hmacSecret);
  const opened: StackName[] = [];
  // Every hash of every stack is compared, in constant time each: a caller learns nothing from how long it takes.
  for (const { name, hashes } of stacks) {
    let isOpen = false;
    for (const hash of hashes) isOpen = timingSafeEqual(hash, digest) || isOpen;
    if (isOpen) opened.push(name);
  }
  return opened;
}

/** Whether a credential is one of the secrets, sent or signed with, where the secrets themselves are at hand. Constant time over all. */
export function isOpenedBy(credential: Credential, secrets: readonly string[]): boolean {
  let isOpen = false;
  for (const secret of secrets) isOpen = opens(credential, secret) || isOpen;
  return isOpen;
}

function opens(credential: Credential, secret: string): boolean {
  if (credential.kind === "token") return timingSafeEqual(sha256(credential.token), sha256(secret));
  return credential.kind === "signature" && isSignedWith(credential, secret);
}

const NOBODY = randomBytes(32);

function digestOf(credential: Credential, hmacSecret: string | null): Buffer {
  if (credential.kind === "token") return sha256(credential.token);
  if (credential.kind === "signature" && hmacSecret !== null && isSignedWith(credential, hmacSecret))
    return sha256(hmacSecret);
  // No digest of anything: a ledger that lists it is none that anybody can open.
  return NOBODY;
}

function isSignedWith(
  { body, signature }: Extract<Credential, { kind: "signature" }>,
  secret: string,
): boolean {
  const expected = createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(/^sha256=([0-9a-f]{64})$/i.exec(signature)?.[1] ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
