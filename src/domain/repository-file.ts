import { type Document, isMap } from "yaml";
import { z } from "zod";
import { CommandRules } from "./command-rights.ts";
import { Approval, type Pool } from "./contract.ts";
import { MAX_DUPLICATE_SECONDS } from "./cooldown.ts";
import { Alias } from "./names.ts";
import { NotificationTargets } from "./notification-targets.ts";
import { findDuplicateKey, parseWithinStack, walkNodes } from "./stack-document.ts";

const Delivery = z.enum(["pull-request", "direct"]);

const OnFailure = z.enum(["open", "revert", "none"]);
export type OnFailure = z.infer<typeof OnFailure>;

// Strict throughout: a mistyped `approval` must not count as none.
const StackSettings = z.strictObject({
  dir: z.string().min(1).max(500).optional(),
  stack: z.string().min(1).max(100).optional(),
  branch: z.string().min(1).max(250).optional(),
  delivery: Delivery.optional(),
  mergeMethod: z.enum(["squash", "merge", "rebase"]).optional(),
  approval: Approval.strict().optional(),
  /** For how long a change that is not applied yet holds further moves of its pool. */
  inFlightSeconds: z.int().min(0).max(86_400).optional(),
  /** For how long a repeated event is taken for a retry: Alertmanager's group_interval. */
  duplicateSeconds: z.int().min(0).max(MAX_DUPLICATE_SECONDS).optional(),
  /** What is done about a value that could not be applied: a pull request that puts the old one back, one that merges by itself, or nothing. */
  onFailure: OnFailure.optional(),
  /** The word before the bracket in a scale commit's subject, for commit linters. */
  commitPrefix: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,19}$/, "a word of at most 20 letters, digits and -")
    .optional(),
  formerAliases: z.array(Alias).optional(),
});

const Schema = z.strictObject({
  defaults: StackSettings.omit({ dir: true, stack: true, formerAliases: true }).optional(),
  stacks: z.record(Alias, StackSettings).optional(),
  discover: z
    .strictObject({ include: z.array(z.string()).optional(), exclude: z.array(z.string()).optional() })
    .optional(),
  paused: z.boolean().optional(),
  /** `attested` asks for the deploy job's signature over each ledger entry; `trust-writers` does without. */
  ledger: z.enum(["attested", "trust-writers"]).optional(),
  /** Whether one pinned issue shows how the pools stand. */
  statusIssue: z.boolean().optional(),
  /** Who may give which commands in comments. */
  commands: CommandRules.optional(),
  /** Who is told of what becomes of pull requests; addresses and keys are the app's own settings. */
  notifications: NotificationTargets.optional(),
});

/** The JSON Schema of the repository file, for editors. */
export function repositoryFileJsonSchema(): object {
  return { title: ".github/pulumiscale.yml", ...z.toJSONSchema(Schema, { io: "input" }) };
}

/** `.github/pulumiscale.yml`: how a repository wants its stacks to be scaled. */
export type RepositoryFile = z.infer<typeof Schema>;

export type ParsedRepositoryFile =
  | { kind: "good"; file: RepositoryFile }
  | { kind: "bad"; path: string; message: string };

/** Reads the repository file; null (there is none) is an empty one. Never throws; a bad file scales nothing. */
export function parseRepositoryFile(text: string | null): ParsedRepositoryFile {
  if (text === null || text.trim() === "") return { kind: "good", file: {} };
  if (text.length > 100_000) return { kind: "bad", path: "", message: "it is over 100,000 characters long" };
  // The library's own look for a key that is given twice takes quadratic time.
  const document = parseWithinStack(text, { uniqueKeys: false });
  if (document === null) return { kind: "bad", path: "", message: "it is nested too deep" };
  for (const { node } of walkNodes(document.contents)) {
    const twice = isMap(node) ? findDuplicateKey(node) : undefined;
    if (twice) return { kind: "bad", path: String(twice.value), message: "the key is given twice" };
  }
  const error = document.errors[0];
  if (error !== undefined) return { kind: "bad", path: "", message: error.message };
  const parsed = Schema.safeParse(toPlain(document) ?? {});
  if (parsed.success) return { kind: "good", file: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    kind: "bad",
    path: issue?.path.map(String).join(".") ?? "",
    message: issue?.message ?? "unreadable",
  };
}

/** What holds for one stack: its own settings over the defaults. Approval rules of both hold, so the stricter wins. */
export type StackPolicy = {
  branch: string | undefined;
  delivery: "pull-request" | "direct";
  mergeMethod: "squash" | "merge" | "rebase" | undefined;
  approvals: Approval[];
  inFlightSeconds: number;
  duplicateSeconds: number;
  onFailure: OnFailure;
  commitPrefix: string;
  paused: string | null;
  gate: Gate;
};

/**
 * What becomes of a change over a threshold: it waits in a pull request; it is held where nothing can wait; or a person asks for it
 * by hand on the spot, and so approves it.
 */
export type Gate = "pull-request" | "hold" | "open";

export function policyOf(file: RepositoryFile, alias: string): StackPolicy {
  const own = file.stacks?.[alias] ?? {};
  const defaults = file.defaults ?? {};
  return {
    branch: own.branch ?? defaults.branch,
    delivery: own.delivery ?? defaults.delivery ?? "pull-request",
    mergeMethod: own.mergeMethod ?? defaults.mergeMethod,
    approvals: [own.approval, defaults.approval].filter((rule) => rule !== undefined),
    inFlightSeconds: own.inFlightSeconds ?? defaults.inFlightSeconds ?? 1800,
    duplicateSeconds: own.duplicateSeconds ?? defaults.duplicateSeconds ?? 300,
    onFailure: own.onFailure ?? defaults.onFailure ?? "open",
    commitPrefix: own.commitPrefix ?? defaults.commitPrefix ?? "scale",
    paused: file.paused === true ? "`paused: true` in .github/pulumiscale.yml holds all scaling" : null,
    gate: "pull-request",
  };
}

/** Every approval rule that holds for a pool: its contract's own and the repository's; each one gates. */
export function approvalRules(policy: StackPolicy, pool: Pool): Approval[] {
  return [...policy.approvals, ...(pool.approval === undefined ? [] : [pool.approval])];
}

/** Alias bombs pass the parser and fail here; the limit turns them into an error. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    return "too many aliases";
  }
}
