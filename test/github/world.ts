import type { KeyObject } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { PendingConversion } from "./apps/manifest.ts";
import type { GitRepository } from "./git/git-repository.ts";
import type { Enterprise } from "./http/enterprise.ts";
import type { RateLimits } from "./http/rate-limits.ts";
import type { Lock } from "./lock.ts";
import type { AsyncMerge } from "./pulls/merge-later.ts";
import type { PullRequest } from "./pulls/pull-request.ts";
import type { CheckRun, CheckSuite, CommitComment, CommitStatus } from "./repository/commit-marks.ts";
import type { Environment } from "./repository/environment.ts";
import type { Issue, Label } from "./repository/issue.ts";
import type { Organization } from "./repository/organization.ts";
import type { Protection } from "./repository/protection.ts";
import type { RepositorySettings } from "./repository/settings.ts";
import type { WebhookSender } from "./webhooks/deliver-events.ts";
import type { Delivery } from "./webhooks/delivery.ts";

/** A permission of an App or a token, as GitHub names them: `{ contents: "write" }`. */
export type Permissions = Readonly<Record<string, "read" | "write" | "admin">>;

/** What a person may do in a repository. */
export type Role = "read" | "triage" | "write" | "maintain" | "admin";

export interface Account {
  readonly kind: "User" | "Organization" | "Bot";
  readonly id: number;
  readonly login: string;
  readonly name: string | null;
  readonly email: string;
  readonly createdAt: Date;
  /** Null: it is a person or a bot. */
  readonly organization: Organization | null;
}

export interface App {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  readonly owner: Account;
  readonly bot: Account;
  readonly description: string;
  /** Null: the App's own page. */
  readonly homepage: string | null;
  /** Where the browser goes after an installation; null: it stays. */
  readonly setupUrl: string | null;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  /** Null for the one App whose key nobody has. */
  readonly publicKey: KeyObject | null;
  readonly createdAt: Date;
  webhook: { url: string; secret: string } | null;
}

export interface Installation {
  readonly id: number;
  readonly app: App;
  readonly account: Account;
  readonly repositories: "all" | Set<number>;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly createdAt: Date;
  /** Null: it may act. */
  suspended: { readonly by: Account; readonly at: Date } | null;
}

export interface Repository {
  readonly id: number;
  owner: Account;
  name: string;
  readonly git: GitRepository;
  /** What it was forked from; null: it is no fork. */
  readonly parent: Repository | null;
  readonly createdAt: Date;
  /** One writer at a time: a ref update and what follows from it are one step. */
  readonly lock: Lock;
  readonly settings: RepositorySettings;
  readonly collaborators: Map<string, { readonly account: Account; readonly role: Role }>;
  readonly protections: Map<string, Protection>;
  /** The names that branches have now, by those that they had before. */
  readonly renamedBranches: Map<string, string>;
  /** Who moved a branch last. */
  readonly pushers: Map<string, Account>;
  /** What has moved branches, newest last. */
  readonly activities: Activity[];
  /** The pull requests in the merge queue of a branch, first come first. */
  readonly mergeQueues: Map<string, PullRequest[]>;
  readonly environments: Map<string, Environment>;
  readonly labels: Map<string, Label>;
  /** Issues and pull requests share their numbers. */
  readonly issues: Map<number, Issue | PullRequest>;
  /** At most three, in the order of pinning. */
  readonly pinnedIssues: { readonly number: number; readonly by: Account }[];
  readonly asyncMerges: AsyncMerge[];
  readonly statuses: CommitStatus[];
  readonly checkSuites: CheckSuite[];
  readonly checkRuns: CheckRun[];
  readonly commitComments: CommitComment[];
  /** Commits that GitHub itself signed. */
  readonly verifiedCommits: Set<string>;
  pushedAt: Date;
  updatedAt: Date;
}

/** A move of a branch, as GitHub notes it. */
export interface Activity {
  readonly id: number;
  readonly ref: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly at: Date;
  readonly kind: "push" | "force_push" | "branch_creation" | "branch_deletion";
  readonly actor: Account;
}

export type Credential =
  | {
      readonly kind: "installation";
      readonly installation: Installation;
      readonly permissions: Permissions;
      readonly repositories: "all" | ReadonlySet<number>;
      readonly expiresAtMs: number;
    }
  | { readonly kind: "user"; readonly account: Account }
  | { readonly kind: "workflow"; readonly repository: Repository; readonly permissions: Permissions };

/** Something that happened in a repository, before it becomes a webhook or a workflow run. */
export interface RepositoryEvent {
  readonly name: string;
  readonly action: string | null;
  readonly repository: Repository;
  readonly sender: Account;
  /** False for what a workflow's own token did: GitHub starts no workflow for it. */
  readonly triggersWorkflows: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Only this App hears of it (check suites are requested from each App by itself). */
  readonly onlyApp?: App;
}

export interface Push {
  readonly repository: Repository;
  readonly ref: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly pusher: Account;
  readonly triggersWorkflows: boolean;
}

export interface World {
  readonly now: () => Date;
  /** The clock of credentials: App JWTs and token expiry. */
  readonly credentialNow: () => Date;
  readonly nextId: () => number;
  readonly dataDirectory: string;
  readonly log: (line: string) => void;
  /** Known once the server listens. */
  baseUrl: string;
  readonly accounts: Map<string, Account>;
  readonly repositories: Map<string, Repository>;
  /** Repositories by the names that they had before. */
  readonly redirects: Map<string, Repository>;
  readonly apps: Map<number, App>;
  readonly installations: Map<number, Installation>;
  readonly credentials: Map<string, Credential>;
  /** Who is signed in in a browser, by the session's cookie. */
  readonly sessions: Map<string, Account>;
  /** Apps made from manifests, by the code for their credentials. */
  readonly conversions: Map<string, PendingConversion>;
  readonly deliveries: Delivery[];
  readonly events: EventEmitter<{ repository: [RepositoryEvent]; push: [Push] }>;
  /** Null: this is github.com. */
  readonly enterprise: Enterprise | null;
  /** How many reads of a pull request answer "unknown" before its mergeability is there. */
  readonly unknownMergeabilityReads: number;
  /** Set once the stand-in is put together. */
  webhooks?: WebhookSender;
  readRateLimit?: RateLimits["read"];
  /** Appends to the list of answers that GitHub's own description does not allow. */
  readonly reportViolation: (violation: Violation) => void;
}

/** An answer of the stand-in's own that GitHub's description rules out: a fault of the stand-in. */
export interface Violation {
  /** A REST operation's id, or `webhook push`. */
  readonly operation: string;
  /** Null for a webhook. */
  readonly status: number | null;
  readonly problem: string;
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

export function findRepository(world: World, owner: string, name: string): Repository | undefined {
  return world.repositories.get(`${owner}/${name.replace(/\.git$/, "")}`.toLowerCase());
}

/** Whether a repository was not deleted. */
export function isThere(world: World, repository: Repository): boolean {
  return world.repositories.get(fullName(repository).toLowerCase()) === repository;
}

/** The forks of a repository that are still there. */
export function forksOf(world: World, repository: Repository): Repository[] {
  return [...world.repositories.values()].filter(({ parent }) => parent === repository);
}

/** The installation of an App that reaches this repository. */
export function findInstallation(world: World, app: App, repository: Repository): Installation | undefined {
  return [...world.installations.values()].find(
    (installation) =>
      installation.app === app &&
      installation.account === repository.owner &&
      (installation.repositories === "all" || installation.repositories.has(repository.id)),
  );
}

export function repositoriesOf(world: World, installation: Installation): Repository[] {
  return [...world.repositories.values()].filter(
    (repository) =>
      repository.owner === installation.account &&
      (installation.repositories === "all" || installation.repositories.has(repository.id)),
  );
}
