/** What the App asks for, and why. The one list of it: the manifest, the documentation, `doctor` and the tests go by it. */
export const APP_PERMISSIONS = {
  // Reads stack files, commits scales, merges.
  contents: "write",
  // Opens scale pull requests; reads reviews.
  pull_requests: "write",
  // Reports the check run `pulumiscale/guard`; reads what a merge waits for.
  checks: "write",
  // Reads what a merge waits for.
  statuses: "read",
  // GitHub tells of merge groups only whoever may read the queue.
  merge_queues: "read",
  // Hears of comments, answers the commands in them, keeps the status issue.
  issues: "write",
  // Tells who is in a team that the rules for commands name.
  members: "read",
  metadata: "read",
} as const;

/** What the App wants to be told. An App hears of its own installations in any case. */
export const APP_EVENTS = [
  // The base branch, the ledger or the settings have changed.
  "push",
  // A pull request is there, moved, closed: the guard judges its head.
  "pull_request",
  // Somebody gives a command.
  "issue_comment",
  // Somebody approves, or takes it back.
  "pull_request_review",
  // What a merge waits for is there; somebody asks for our checks again.
  "check_suite",
  // Somebody asks for our check again.
  "check_run",
  // What a merge waits for is there.
  "status",
  // The merge queue asks for our check.
  "merge_group",
] as const;

/** Where the App takes GitHub's webhooks, below the address that senders use. */
export const GITHUB_WEBHOOKS_PATH = "/api/github/webhooks";

/** Stands in the manifest until somebody gives the App its own address; no host is ever called so. */
const NO_ADDRESS = "https://pulumiscale.invalid";

export type ManifestWish = {
  name: string;
  /** Where the App will be reached, without a `/` at the end; null: not known yet, so that GitHub sends nothing. */
  publicUrl: string | null;
  /** Where GitHub sends the browser, and with it the code. */
  redirectUrl: string;
  /** `none`: a server that knows no merge queue refuses a manifest that asks for it. */
  mergeQueue: "asked" | "none";
};

/** The App as GitHub's manifest flow takes it: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export function appManifest({ name, publicUrl, redirectUrl, mergeQueue }: ManifestWish) {
  const { merge_queues, ...others } = APP_PERMISSIONS;
  return {
    name: name.slice(0, 34).trim(),
    url: "https://github.com/pulumiscale/pulumiscale",
    hook_attributes: {
      url: `${publicUrl ?? NO_ADDRESS}${GITHUB_WEBHOOKS_PATH}`,
      active: publicUrl !== null,
    },
    redirect_url: redirectUrl,
    public: false,
    default_permissions: mergeQueue === "asked" ? { ...others, merge_queues } : others,
    default_events: APP_EVENTS.filter((event) => mergeQueue === "asked" || event !== "merge_group"),
  };
}

/** Where a browser posts the manifest: the page of a person, or of an organization. `serverUrl` is the one people look at. */
export function manifestFormUrl(serverUrl: string, organization: string | null, state: string): string {
  const account = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${serverUrl}${account}/settings/apps/new?state=${encodeURIComponent(state)}`;
}
