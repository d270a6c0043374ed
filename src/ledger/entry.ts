import { z } from "zod";
import { Receipt } from "../domain/receipt.ts";
import { safeJson } from "../domain/safe-json.ts";

export const LEDGER_BRANCH = "pulumiscale";
export const SCHEMA_VERSION = 1;

/** The name of a project or a stack as Pulumi takes it; it becomes part of a path. */
const PulumiName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}$/, "a name of A-Z a-z 0-9 _ . - with at most 100 characters");

/** A path relative to the repository's root, which it does not leave. */
const RepositoryPath = z
  .string()
  .min(1)
  .max(500)
  .refine((path) => !path.startsWith("/") && !path.split(/[\\/]/).includes(".."), "it leaves the repository");

/** So many paths at which a stack's file stood before are kept. */
export const MOST_FORMER_PATHS = 5;

/** The ledger's file for one stack: `stacks/<alias>.json` on the orphan branch `pulumiscale`. */
export const LedgerEntry = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  project: PulumiName,
  stack: PulumiName,
  /** The Pulumi program's directory, relative to the repository's root, "." for the root itself. */
  dir: RepositoryPath,
  /** Where the stack's file stood before under the same alias, the latest first; not there where it has never moved. */
  formerPaths: z.array(RepositoryPath).max(MOST_FORMER_PATHS).readonly().optional(),
  /** The stack output `pulumiscale` as the program exported it; read it with `parseContract`. */
  pools: z.record(z.string(), z.unknown()),
  /** For each pool the value that the engine last confirmed. */
  applied: z.record(z.string(), z.int()),
  /** The commit of the last full up; null before the first one. */
  deployed: z.string().nullable(),
  /** The commit whose values were applied last. */
  commit: z.string(),
  publishedAt: z.iso.datetime(),
  /** SHA-256 (hex) of each accepted webhook secret. */
  tokenHashes: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  receipt: Receipt.nullable(),
  /** A GitHub Actions OIDC token over the content; null where the repository trusts its writers. */
  attestation: z.string().nullable(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export type ParsedEntry =
  | { kind: "entry"; entry: LedgerEntry }
  /** Written by a newer version: nothing may be scaled on a guess. */
  | { kind: "newer"; schemaVersion: number }
  | { kind: "bad"; message: string };

/** Reads a ledger file; never throws. */
export function parseEntry(text: string): ParsedEntry {
  const json = safeJson(text);
  const version = z.object({ schemaVersion: z.int() }).safeParse(json);
  if (version.success && version.data.schemaVersion > SCHEMA_VERSION) {
    return { kind: "newer", schemaVersion: version.data.schemaVersion };
  }
  const parsed = LedgerEntry.safeParse(json);
  if (parsed.success) return { kind: "entry", entry: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    kind: "bad",
    message: `${issue?.path.map(String).join(".") || "entry"}: ${issue?.message ?? "unreadable"}`,
  };
}

/** Why nothing is scaled by a file that is no entry of this version, and what to do: a sentence without a capital and a full stop. */
export function unreadableEntry(alias: string, parsed: Exclude<ParsedEntry, { kind: "entry" }>): string {
  const subject = `the ledger entry of ${alias}`;
  if (parsed.kind === "newer") return `${subject} has schemaVersion ${parsed.schemaVersion}; update this app`;
  // A deploy job overwrites nothing that it cannot read: it may be of a newer version.
  const mend = `delete ${entryPath(alias)} from the branch ${LEDGER_BRANCH} and run the deploy workflow`;
  return `${subject} is not readable (${parsed.message}); ${mend}`;
}

/** The file's text: keys in the schema's order, two spaces, a last newline, so that diffs stay small. */
export function formatEntry(entry: LedgerEntry): string {
  return `${JSON.stringify(LedgerEntry.parse(entry), null, 2)}\n`;
}

/** Where a stack's entry stands on the ledger branch. */
export function entryPath(alias: string): string {
  return `stacks/${alias}.json`;
}
