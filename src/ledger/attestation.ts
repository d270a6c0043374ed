import { createHash } from "node:crypto";
import { decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import type { LedgerEntry } from "./entry.ts";

/** What an attestation is held against. */
export type Expected = {
  /** The OIDC issuer, as its tokens name it. */
  issuer: string;
  /** GitHub's number of the repository: a name may be given to another one. */
  repositoryId: string;
  /** The branch that is deployed, without `refs/heads/`. */
  baseBranch: string;
  nowMs: number;
};

export type Verdict =
  | { kind: "verified" }
  /** `why` goes on after "the ledger entry is not accepted, since ". */
  | { kind: "refused"; why: string }
  /** The issuer's keys could not be read: the same may verify later. */
  | { kind: "unreachable"; why: string };

/** The issuer does not publish the key, or cannot be asked. `unknown` is final until the entry is published again. */
export class IssuerKeyError extends Error {
  readonly code: "unknown" | "unreachable";
  constructor(code: "unknown" | "unreachable", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "IssuerKeyError";
    this.code = code;
  }
}

/** How far the clock of a deploy job's machine may be off, in milliseconds. */
const SKEW_MS = 5 * 60_000;
/** The only one that GitHub signs with: none that a public key could be misused for. */
const ALGORITHMS = ["RS256"];
const LONGEST_TOKEN = 16_384;
/** A contract is a few levels deep; JSON that would overflow the stack is nobody's entry. */
const DEEPEST = 64;

/**
 * Events that run only what is on the branch itself, with nobody else's input. `pull_request_target`, `workflow_run` and
 * `issue_comment` run on the base branch as well, but are started by whoever opens a pull request or writes a comment.
 */
const EVENTS: readonly string[] = ["push", "schedule", "workflow_dispatch", "repository_dispatch"];

const Claims = z.object({
  iat: z.number(),
  exp: z.number(),
  repository: z.string().min(1),
  repository_id: z.union([z.string(), z.int().transform(String)]),
  ref: z.string(),
  event_name: z.string(),
  workflow_ref: z.string(),
  job_workflow_ref: z.string().optional(),
});

/**
 * The SHA-256 (hex) that an attestation is over: of the UTF-8 bytes of the entry's JSON object without its member
 * `attestation`, in the canonical form of RFC 8785 (members sorted by UTF-16 code units, no white space, numbers and
 * strings as ECMAScript writes them). Members that this version does not know are in it too. Null for what is no JSON object.
 */
export function digestEntry(text: string): string | null {
  try {
    const { attestation: _, ...content } = z.looseObject({}).parse(JSON.parse(text));
    return createHash("sha256").update(canonicalJson(content, 0), "utf8").digest("hex");
  } catch {
    return null;
  }
}

/** The audience of a token that attests an entry with this digest. */
export function attestationAudience(digest: string): string {
  return `pulumiscale:sha256:${digest}`;
}

/**
 * Holds a token against the entry that it is to attest: GitHub's own signature over the content, made by a job of this
 * repository's base branch when the entry was published. `text` is the entry's file. Verified as of `publishedAt`, since
 * tokens live for minutes and entries for months. Never throws.
 */
export async function verifyAttestation(
  { publishedAt }: Pick<LedgerEntry, "publishedAt">,
  text: string,
  token: string,
  getKey: JWTVerifyGetKey,
  expected: Expected,
): Promise<Verdict> {
  const digest = digestEntry(text);
  if (digest === null) return refused("it is no JSON object");
  if (token.length > LONGEST_TOKEN) return refused("its attestation is no token of the issuer");
  const publishedAtMs = Date.parse(publishedAt);
  if (publishedAtMs > expected.nowMs + SKEW_MS)
    return refused(`it is published in the future (${publishedAt})`);
  try {
    const { payload } = await jwtVerify(token, getKey, {
      algorithms: ALGORITHMS,
      issuer: expected.issuer,
      audience: attestationAudience(digest),
      currentDate: new Date(publishedAtMs),
    });
    const claims = Claims.safeParse(payload);
    if (!claims.success)
      return refused(`its token has no usable claim ${claims.error.issues[0]?.path.join(".")}`);
    const why = problemOf(claims.data, publishedAtMs, expected);
    return why === null ? { kind: "verified" } : refused(why);
  } catch (error) {
    if (error instanceof IssuerKeyError) {
      return { kind: error.code === "unreachable" ? "unreachable" : "refused", why: error.message };
    }
    return refused(sentenceOf(error, token));
  }
}

function problemOf(claims: z.infer<typeof Claims>, publishedAtMs: number, expected: Expected): string | null {
  const ref = `refs/heads/${expected.baseBranch}`;
  if (Math.abs(claims.iat * 1000 - publishedAtMs) > SKEW_MS) {
    return "its token was not issued when it was published; check the clock of the deploy job's machine";
  }
  if (claims.repository_id !== expected.repositoryId) {
    return `its token was issued to another repository (${claims.repository})`;
  }
  if (claims.ref !== ref) return `its token was issued to a run for ${claims.ref} and not for ${ref}`;
  if (!EVENTS.includes(claims.event_name)) {
    return `its token was issued to a run started by ${claims.event_name}; ${EVENTS.join(", ")} may publish`;
  }
  const own = `${claims.repository}/.github/workflows/`.toLowerCase();
  if (!claims.workflow_ref.toLowerCase().startsWith(own) || !claims.workflow_ref.endsWith(`@${ref}`)) {
    return `its token was issued to the workflow ${claims.workflow_ref}, which is not one of ${ref}`;
  }
  // A reusable workflow of another repository is one that the base branch's own workflow names.
  const job = claims.job_workflow_ref ?? claims.workflow_ref;
  if (job.toLowerCase().startsWith(`${claims.repository}/`.toLowerCase()) && !job.endsWith(`@${ref}`)) {
    return `its token was issued to a job of the workflow ${job}, which is not one of ${ref}`;
  }
  return null;
}

function sentenceOf(error: unknown, token: string): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case "aud":
        return "its content is not what was attested";
      case "iss":
        return "its token is from another issuer";
      case "nbf":
        return "its token was not valid yet when it was published";
      default:
        return `its token has a wrong claim ${error.claim}`;
    }
  }
  if (error instanceof errors.JWTExpired) return "its token had expired when it was published";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its token's signature is wrong";
  if (error instanceof errors.JOSEAlgNotAllowed) return `its token is signed with ${algorithmOf(token)}`;
  return "its attestation is no token of the issuer";
}

function algorithmOf(token: string): string {
  const { alg } = decodeProtectedHeader(token);
  return /^[A-Za-z0-9]{1,10}$/.test(alg ?? "") ? `${alg} instead of ${ALGORITHMS.join(", ")}` : "nothing";
}

function canonicalJson(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new RangeError(`JSON of over ${DEEPEST} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(",")}]`;
  // 1e999 is Infinity, which would be written as null: two contents with one digest.
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError("a number that JSON has not");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item, depth + 1)}`).join(",")}}`;
}

function refused(why: string): Verdict {
  return { kind: "refused", why };
}
