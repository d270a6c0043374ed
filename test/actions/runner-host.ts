/** What the runner needs of the place that holds the repositories. */
export interface RunnerHost {
  /** `GITHUB_SERVER_URL`; a repository is cloned from `<url>/<owner>/<name>.git`. */
  readonly url: string;
  /** Calls back for each moved branch or tag; the answer unsubscribes. */
  onPush(listener: (push: HostPush) => void): () => void;
  /** @param fullName `<owner>/<name>` */
  findRepository(fullName: string): HostRepository | undefined;
  /** A `GITHUB_TOKEN` for one job. */
  createWorkflowToken(fullName: string, permissions: TokenPermissions): string;
  revokeToken(token: string): void;
}

export type TokenPermissions = Readonly<Record<string, "read" | "write">>;

export interface HostRepository {
  readonly id: number;
  readonly ownerId: number;
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly visibility: "public" | "private";
  /** The bare repository on disk. */
  readonly gitDirectory: string;
  /** The repository as webhooks carry it. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface HostPush {
  readonly repository: HostRepository;
  /** `refs/heads/…` or `refs/tags/…`. */
  readonly ref: string;
  readonly before: string | null;
  /** Null when the ref was deleted. */
  readonly after: string | null;
  readonly pusher: { readonly login: string; readonly id: number };
  /** False for a push with a workflow's own token. */
  readonly triggersWorkflows: boolean;
  /** The `push` webhook. */
  readonly payload: Readonly<Record<string, unknown>>;
}
