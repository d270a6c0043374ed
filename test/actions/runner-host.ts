/** What the runner needs of the place that holds the repositories. */
export interface RunnerHost {
  /** `GITHUB_SERVER_URL`; a repository is cloned from `<url>/<owner>/<name>.git`. */
  readonly url: string;
  /** `GITHUB_API_URL` */
  readonly apiUrl: string;
  /** `GITHUB_GRAPHQL_URL` */
  readonly graphqlUrl: string;
  /** Calls back for each moved branch or tag; the answer unsubscribes. */
  onPush(listener: (push: HostPush) => void): () => void;
  /** Calls back for each `repository_dispatch`; the answer unsubscribes. */
  onDispatch(listener: (dispatch: HostDispatch) => void): () => void;
  /** @param fullName `<owner>/<name>`. Rejects for one that is not there. */
  findRepository(fullName: string): Promise<HostRepository>;
  /** A `GITHUB_TOKEN` for one job. */
  createWorkflowToken(fullName: string, permissions: TokenPermissions): string;
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
  /** A login. */
  readonly pusher: string;
  /** False for a push with a workflow's own token. */
  readonly triggersWorkflows: boolean;
  /** The `push` webhook. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface HostDispatch {
  readonly repository: HostRepository;
  readonly type: string;
  /** A login. */
  readonly sender: string;
  /** The `repository_dispatch` webhook. */
  readonly payload: Readonly<Record<string, unknown>>;
}
