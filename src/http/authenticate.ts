import type { IncomingMessage } from "node:http";
import type { Credential, Scaling, StackName } from "../workflows/scaling.ts";
import { problem } from "./problem.ts";
import { type ReadBody, readStrangersBody } from "./read-body.ts";

/** Who calls: the stacks that the credential opens, and the body where it had to be read to tell. */
export type Caller = { opened: readonly StackName[]; body: ReadBody | null };

/**
 * Finds out what a request's credential opens. Nothing of the request but its credential is looked at, and of the body
 * only what a signature is over. `opened` is empty for no credential and for a wrong one alike.
 */
export function authenticate(
  incoming: IncomingMessage,
  queryToken: string | null,
  scaling: Scaling,
  bodyLimitBytes: number,
): Caller | Promise<Caller> {
  const { authorization, "x-pulumiscale-signature": signature } = incoming.headers;
  if (authorization === undefined && typeof signature === "string")
    return checkSignature(incoming, signature, scaling, bodyLimitBytes);
  return { opened: scaling.stacksOpenedBy(tokenCredential(authorization, queryToken)), body: null };
}

async function checkSignature(
  incoming: IncomingMessage,
  signature: string,
  scaling: Scaling,
  bodyLimitBytes: number,
): Promise<Caller> {
  const body = await readStrangersBody(incoming, bodyLimitBytes);
  if (body.kind !== "read") return { opened: [], body };
  return { opened: scaling.stacksOpenedBy({ kind: "signature", signature, body: body.body }), body };
}

function tokenCredential(authorization: string | undefined, queryToken: string | null): Credential {
  const token = authorization === undefined ? queryToken : bearerToken(authorization);
  return token === null ? { kind: "none" } : { kind: "token", token };
}

/** The token of `Authorization: Bearer …`; null for any other scheme. */
export function bearerToken(authorization: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** The one answer to everybody without a valid credential, whatever was asked for. */
export function unauthorized(): Response {
  return problem(
    "unauthorized",
    "Send a token of the stack as `Authorization: Bearer …`, as `?token=…`, or sign the body in `X-Pulumiscale-Signature`.",
    {},
    { "www-authenticate": 'Bearer realm="pulumiscale"' },
  );
}
