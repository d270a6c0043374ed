/** What could be read, or why it could not: a person's rights and an App's permissions show different parts. */
export type Seen<T> = { kind: "seen"; value: T } | { kind: "hidden"; why: string };

export type AppFacts = {
  id: number;
  slug: string;
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
};

/** One rule of a ruleset as it binds a branch. */
export type BranchRule = {
  type: string;
  rulesetId: number;
  requiredChecks: readonly { context: string; appId: number | null }[];
  codeOwners: "required" | "free";
  /** How many reviews have to approve a pull request. */
  approvals: number;
};

/** Whom a ruleset lets by. `kind` is GitHub's `actor_type`; by `pull_request` one merges past it, and pushes not. */
export type BypassActor = { kind: string; id: number | null; mode: "always" | "pull_request" };

export type ProtectionFacts = {
  requiredChecks: readonly { context: string; appId: number | null }[];
  asksPullRequest: boolean;
  /** How many reviews have to approve a pull request. */
  approvals: number;
  /** The Apps that need no pull request. */
  withoutPullRequest: readonly number[];
  /** The Apps that may push where not everybody with write access may; null: pushes are not restricted. */
  pushers: readonly number[] | null;
  /** A locked branch takes no push at all. */
  lock: "locked" | "open";
  /** Whether somebody may push over it, or delete it. */
  history: "kept" | "free";
  codeOwners: "required" | "free";
  signatures: "required" | "free";
  admins: "bound" | "free";
};

export type BranchFacts = {
  branch: string;
  rules: Seen<readonly BranchRule[]>;
  protection: Seen<ProtectionFacts | null>;
};

export type RulesetFacts = { id: number; name: string; bypass: Seen<readonly BypassActor[]> };

export type EnvironmentFacts = { name: string; reviewers: number; waitMinutes: number };

/** A stack of the ledger. */
export type StackFacts = { alias: string; dir: string; path: string };

/** All that `doctor` looks at, read from GitHub. */
export type DoctorFacts = {
  owner: string;
  repo: string;
  server: "github.com" | "enterprise";
  /** Null: it is not installed there. */
  app: Seen<AppFacts | null>;
  /** What the App needs. */
  needs: { permissions: Readonly<Record<string, string>>; events: readonly string[] };
  defaultBranch: string;
  autoMerge: Seen<"allowed" | "off">;
  mergeMethods: Seen<readonly string[]>;
  /** What GitHub proposes as the message of a squash, and a merge queue takes. */
  squashMessage: Seen<"blank" | "kept">;
  repositoryFile: string | null;
  /** Branches whose names begin as ours do. */
  branches: readonly string[];
  ledger: "there" | "missing";
  stacks: readonly StackFacts[];
  baseBranches: readonly BranchFacts[];
  ledgerBranch: BranchFacts;
  rulesets: readonly RulesetFacts[];
  environments: Seen<readonly EnvironmentFacts[]>;
  workflows: readonly { path: string; text: string }[];
  codeOwners: string | null;
};
