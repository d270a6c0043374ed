import type { FaultQueue } from "./faults.ts";
import type { Enterprise } from "./http/enterprise.ts";
import type { RequestListener, RequestRecord } from "./http/request-log.ts";
import type { OrganizationSeeding, PeopleOnGitHub, RepositoryLives } from "./people.ts";
import type { Protection } from "./repository/protection.ts";
import type { RepositorySettings } from "./repository/settings.ts";
import type { Browser } from "./web/browser.ts";
import type { Delivery } from "./webhooks/delivery.ts";
import type { Account, Permissions, Role, Violation } from "./world.ts";

export type {
  Account,
  Delivery,
  Enterprise,
  FaultQueue,
  Permissions,
  Protection,
  RepositorySettings,
  RequestRecord,
  Role,
};

export interface GitHubOptions {
  /** Where the bare repositories stand; a new temporary directory, removed at the end, unless given. */
  readonly dataDirectory?: string;
  /** A free one unless given. */
  readonly port?: number;
  /** The time of commits, pull requests and everything else that is shown. */
  readonly now?: () => Date;
  /** The time by which App JWTs and tokens are judged; the real one unless given. */
  readonly credentialNow?: () => Date;
  readonly log?: (line: string) => void;
  /** Requests per hour and caller; 5,000 unless given. */
  readonly requestsPerHour?: number;
  /** GitHub's secondary limits on writing (80 a minute, 500 an hour); off unless given. */
  readonly contentPerMinute?: number;
  readonly contentPerHour?: number;
  /** Makes it a GitHub Enterprise Server, perhaps one that lacks some of what github.com has. */
  readonly enterprise?: Enterprise;
  /** How many reads of a new or pushed pull request answer "unknown" for its mergeability; 0 unless given. */
  readonly unknownMergeabilityReads?: number;
}

export interface NewRepository extends Partial<RepositorySettings> {
  readonly owner: string;
  readonly name: string;
  /** The branch of the first commit; `main` unless given. */
  readonly defaultBranch?: string;
  /** The first commit: contents by path. Without any, the repository is empty. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface NewApp {
  readonly name?: string;
  readonly slug?: string;
  readonly owner?: string;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly webhookUrl?: string;
  readonly webhookSecret?: string;
}

export interface SeededApp {
  readonly appId: number;
  readonly slug: string;
  readonly clientId: string;
  readonly privateKey: string;
  readonly webhookSecret: string;
  /** The login of what the App does: `<slug>[bot]`. */
  readonly botLogin: string;
  /** Sends the App's webhooks here from now on. */
  setWebhook(url: string, secret?: string): void;
}

export interface SeededInstallation {
  readonly installationId: number;
  /** A token of the installation, without going through the API. */
  issueToken(): string;
  /** By the account where it is installed: from now on the App may do nothing and hears nothing. */
  suspend(): void;
  unsuspend(): void;
  /** Adds a repository (`owner/name`) to those that were chosen, or takes it from them. */
  addRepository(repo: string): void;
  removeRepository(repo: string): void;
  /** Takes the App off the account; its tokens are gone. */
  uninstall(): void;
}

export type TokenRequest =
  | { readonly kind: "user"; readonly login: string }
  /** A workflow's GITHUB_TOKEN: what it does starts no workflow. `repo` is `owner/name`. */
  | { readonly kind: "workflow"; readonly repo: string; readonly permissions: Permissions };

export interface NewCommit {
  /** Contents by path; null removes. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
  /** The default branch unless given; a branch that isn't there yet starts from the default branch. */
  readonly branch?: string;
  /** Who commits and pushes; the repository's owner unless given. */
  readonly login?: string;
}

export interface NewPull {
  readonly login: string;
  /** The fork, as `owner/name`, in which its branch is; the repository itself unless given. */
  readonly from?: string;
  readonly branch: string;
  /** The default branch unless given. */
  readonly base?: string;
  readonly title?: string;
  readonly body?: string;
  /** `ready` unless given. */
  readonly draft?: "draft" | "ready";
  readonly files: NewCommit["files"];
}

export interface NewEnvironment {
  readonly name: string;
  /** Logins, and `team:<slug>` of the repository's organization; nobody unless given. */
  readonly reviewers?: readonly string[];
  /** 0 unless given. */
  readonly waitMinutes?: number;
  /** `any` unless given. */
  readonly branches?: "protected" | "any";
}

export interface LogEntry {
  readonly oid: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committer: { readonly name: string; readonly email: string };
  readonly committedAt: Date;
}

/** A push, by git or through the API, merges included. */
export interface PushEvent {
  /** `owner/name`. */
  readonly repo: string;
  readonly ref: string;
  /** Null: the ref is new. */
  readonly before: string | null;
  /** Null: the ref is gone. */
  readonly after: string | null;
  /** The login of who pushed. */
  readonly pusher: string;
  /** False for a push with a workflow's own token. */
  readonly triggersWorkflows: boolean;
}

/** Anything that webhooks tell of, whether or not an App is subscribed to it. */
export interface GitHubEvent {
  readonly name: string;
  readonly action: string | null;
  readonly repo: string;
  readonly sender: string;
  readonly triggersWorkflows: boolean;
  /** The whole event, as a workflow finds it in `GITHUB_EVENT_PATH`. */
  readonly payload: Readonly<Record<string, unknown>>;
}

type Unsubscribe = () => void;

/** A stand-in for github.com, over bare git repositories. Repositories are named `owner/name`. */
export interface GitHubStandIn extends AsyncDisposable, PeopleOnGitHub, OrganizationSeeding, RepositoryLives {
  /** `http://127.0.0.1:<port>`: repositories, and the REST API too. */
  readonly url: string;
  /** `<url>/api/v3`, as a GitHub Enterprise Server has it. */
  readonly apiUrl: string;
  /** `<url>/api/graphql`. */
  readonly graphqlUrl: string;
  readonly dataDirectory: string;
  /** Every request since the start, oldest first. */
  readonly requests: readonly RequestRecord[];
  readonly webhookDeliveries: readonly Delivery[];
  /** Answers of the stand-in that GitHub's description rules out; a test asserts that there are none. */
  readonly violations: readonly Violation[];
  readonly faults: FaultQueue;

  createUser(login: string, details?: { readonly name?: string; readonly email?: string }): Account;
  createOrganization(login: string): Account;
  createRepository(repository: NewRepository): Promise<void>;
  /** A fork of the same name for another account, with every branch. Gives its `owner/name`. */
  fork(repo: string, login: string): Promise<string>;
  createApp(app: NewApp): Promise<SeededApp>;
  installApp(
    app: { readonly appId: number },
    owner: string,
    repositories: "all" | readonly string[],
  ): SeededInstallation;
  issueToken(request: TokenRequest): string;
  /** A person's browser, for the few pages that there are. */
  signIn(login: string): Browser;
  addCollaborator(repo: string, login: string, role: Role): void;
  /** What a branch asks of merges and pushes from now on; null takes it back. */
  protect(repo: string, branch: string, protection: Partial<Protection> | null): void;
  createEnvironment(repo: string, environment: NewEnvironment): void;
  changeSettings(repo: string, settings: Partial<RepositorySettings>): void;
  /** A person's push of one commit. Gives its oid. */
  commit(repo: string, commit: NewCommit): Promise<string>;
  /** A person's pull request: a commit on a branch of its own, and the request to merge it. */
  openPull(
    repo: string,
    pull: NewPull,
  ): Promise<{ readonly number: number; readonly id: string; readonly head: string }>;
  /** A person's review of a pull request. Gives its id. */
  review(
    repo: string,
    number: number,
    review: {
      readonly login: string;
      readonly state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED";
      readonly body?: string;
      /** The head that was looked at; the newest unless given. */
      readonly commit?: string;
    },
  ): Promise<number>;

  /** The oid of a ref (`refs/heads/main`) or a branch; null where there is none. */
  readRef(repo: string, ref: string): Promise<string | null>;
  /** A file's text at a revision, the default branch unless given; null where there is none. */
  readFile(repo: string, path: string, revision?: string): Promise<string | null>;
  /** Newest first; of one path where given. */
  readLog(repo: string, revision?: string, path?: string): Promise<LogEntry[]>;
  listBranches(repo: string): Promise<string[]>;

  onRequest(listener: RequestListener): Unsubscribe;
  onPush(listener: (push: PushEvent) => void): Unsubscribe;
  onEvent(listener: (event: GitHubEvent) => void): Unsubscribe;
  /** Resolves when no webhook is under way. */
  webhooksIdle(): Promise<void>;
  stop(): Promise<void>;
}
