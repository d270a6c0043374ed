/**
 * The permission, of any level, that an event asks of an App: from "Webhook events and payloads" in GitHub's
 * documentation. An event that is not here can be subscribed to by no App.
 */
export const permissionOfEvent: ReadonlyMap<string, string> = new Map([
  ["check_run", "checks"],
  ["check_suite", "checks"],
  ["commit_comment", "contents"],
  ["create", "contents"],
  ["delete", "contents"],
  // What is told of a pull request's comments needs less; what a manifest may ask for is judged by this.
  ["issue_comment", "issues"],
  ["issues", "issues"],
  ["label", "metadata"],
  ["membership", "members"],
  ["merge_group", "merge_queues"],
  ["organization", "members"],
  ["pull_request", "pull_requests"],
  ["pull_request_review", "pull_requests"],
  ["pull_request_review_comment", "pull_requests"],
  ["push", "contents"],
  ["repository", "metadata"],
  ["status", "statuses"],
  ["team", "members"],
  ["workflow_job", "actions"],
  ["workflow_run", "actions"],
]);
