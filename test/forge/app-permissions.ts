/** What the App asks for; the stand-in enforces it, so that every test proves these to be enough. */
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
  metadata: "read",
} as const;

export const APP_EVENTS = [
  // The base branch, the ledger or the settings have changed.
  "push",
  // A pull request is there, moved, closed: the guard judges its head.
  "pull_request",
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
];
