/** What the App asks for; the stand-in enforces it, so that every test proves these to be enough. */
export const APP_PERMISSIONS = {
  contents: "write",
  pull_requests: "write",
  checks: "read",
  statuses: "read",
  metadata: "read",
} as const;

export const APP_EVENTS = ["push", "pull_request", "pull_request_review", "check_suite", "status"];
