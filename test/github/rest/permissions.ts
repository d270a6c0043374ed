import type { Need } from "../auth/permissions.ts";
import type { OperationId } from "../openapi/description.ts";

/** Who may call an operation. */
export type Access =
  | { readonly kind: "anyone" }
  | { readonly kind: "app" }
  | { readonly kind: "installation" }
  | { readonly kind: "user" }
  | { readonly kind: "organization"; readonly anyOf: Need["anyOf"] }
  | ({ readonly kind: "repository" } & Need);

const anyone: Access = { kind: "anyone" };
const app: Access = { kind: "app" };
const installation: Access = { kind: "installation" };

const repository = (anyOf: Need["anyOf"], role: Need["role"]): Access => ({
  kind: "repository",
  anyOf,
  role,
});
const readMembers: Access = { kind: "organization", anyOf: [["members", "read"]] };
const metadata = repository([["metadata", "read"]], "read");
const readContents = repository([["contents", "read"]], "read");
const writeContents = repository([["contents", "write"]], "write");
const readPulls = repository([["pull_requests", "read"]], "read");
const writePulls = repository([["pull_requests", "write"]], "read");
const readIssues = repository(
  [
    ["issues", "read"],
    ["pull_requests", "read"],
  ],
  "read",
);
const writeIssues = repository(
  [
    ["issues", "write"],
    ["pull_requests", "write"],
  ],
  "read",
);
const triageIssues = repository(
  [
    ["issues", "write"],
    ["pull_requests", "write"],
  ],
  "triage",
);
const writeLabels = repository(
  [
    ["issues", "write"],
    ["pull_requests", "write"],
  ],
  "write",
);
const lockIssues = writeLabels;
const readActions = repository([["actions", "read"]], "read");
const readStatuses = repository([["statuses", "read"]], "read");
const writeStatuses = repository([["statuses", "write"]], "write");
const readChecks = repository([["checks", "read"]], "read");
const writeChecks = repository([["checks", "write"]], "write");

/**
 * What each operation asks, from "Permissions required for GitHub Apps" in GitHub's documentation; the OpenAPI
 * description does not say it.
 */
export const accessOf: { readonly [Id in OperationId]?: Access } = {
  "apps/create-installation-access-token": app,
  "apps/create-from-manifest": anyone,
  "apps/delete-installation": app,
  "apps/get-authenticated": app,
  "apps/get-by-slug": anyone,
  "apps/get-installation": app,
  "apps/get-repo-installation": app,
  "apps/get-webhook-config-for-app": app,
  "apps/get-webhook-delivery": app,
  "apps/list-installations": app,
  "apps/list-repos-accessible-to-installation": installation,
  "apps/list-webhook-deliveries": app,
  "apps/redeliver-webhook-delivery": app,
  "apps/revoke-installation-access-token": installation,
  "apps/suspend-installation": app,
  "apps/unsuspend-installation": app,
  "apps/update-webhook-config-for-app": app,
  "checks/create": writeChecks,
  "checks/get": readChecks,
  "checks/list-for-ref": readChecks,
  "checks/list-suites-for-ref": readChecks,
  "checks/rerequest-run": writeChecks,
  "checks/rerequest-suite": writeChecks,
  "checks/update": writeChecks,
  "git/create-blob": writeContents,
  "git/create-commit": writeContents,
  "git/create-ref": writeContents,
  "git/create-tree": writeContents,
  "git/delete-ref": writeContents,
  "git/get-blob": readContents,
  "git/get-commit": readContents,
  "git/get-ref": readContents,
  "git/get-tree": readContents,
  "git/list-matching-refs": readContents,
  "git/update-ref": writeContents,
  "issues/add-labels": triageIssues,
  "issues/create": repository([["issues", "write"]], "read"),
  "issues/create-comment": writeIssues,
  "issues/create-label": writeLabels,
  "issues/delete-comment": writeIssues,
  "issues/get": readIssues,
  "issues/get-comment": readIssues,
  "issues/get-label": readIssues,
  "issues/list-comments": readIssues,
  "issues/list-comments-for-repo": readIssues,
  "issues/list-for-repo": readIssues,
  "issues/list-labels-for-repo": readIssues,
  "issues/list-labels-on-issue": readIssues,
  "issues/lock": lockIssues,
  "issues/remove-label": triageIssues,
  "issues/set-labels": triageIssues,
  "issues/unlock": lockIssues,
  "issues/update": writeIssues,
  "issues/update-comment": writeIssues,
  "meta/get": anyone,
  "orgs/check-membership-for-user": readMembers,
  "pulls/create": writePulls,
  "pulls/create-review": writePulls,
  "pulls/dismiss-review": repository([["pull_requests", "write"]], "write"),
  "pulls/get": readPulls,
  "pulls/get-review": readPulls,
  "pulls/get-merge-async-result": readPulls,
  "pulls/list": readPulls,
  "pulls/list-commits": readPulls,
  "pulls/list-files": readPulls,
  "pulls/list-reviews": readPulls,
  "pulls/check-if-merged": readPulls,
  "pulls/merge": writeContents,
  "pulls/merge-async": writeContents,
  "pulls/update": writePulls,
  "pulls/update-branch": writePulls,
  "rate-limit/get": anyone,
  "reactions/create-for-issue": writeIssues,
  "reactions/create-for-issue-comment": writeIssues,
  "reactions/delete-for-issue": writeIssues,
  "reactions/delete-for-issue-comment": writeIssues,
  "reactions/list-for-issue": readIssues,
  "reactions/list-for-issue-comment": readIssues,
  "repos/compare-commits-with-basehead": readContents,
  "repos/create-commit-comment": writeContents,
  "repos/create-commit-status": writeStatuses,
  "repos/create-dispatch-event": writeContents,
  "repos/create-or-update-file-contents": writeContents,
  "repos/delete-file": writeContents,
  "repos/delete-commit-comment": writeContents,
  "repos/get": metadata,
  "repos/get-all-environments": readActions,
  "repos/get-branch": readContents,
  "repos/get-branch-protection": repository([["administration", "read"]], "admin"),
  "repos/get-branch-rules": metadata,
  "repos/get-collaborator-permission-level": metadata,
  "repos/get-combined-status-for-ref": readStatuses,
  "repos/get-commit": readContents,
  "repos/get-content": readContents,
  "repos/get-environment": readActions,
  "repos/get-repo-ruleset": metadata,
  "repos/get-repo-rulesets": metadata,
  "repos/list-activities": readContents,
  "repos/list-branches": readContents,
  "repos/list-collaborators": metadata,
  "repos/list-comments-for-commit": readContents,
  "repos/list-commit-statuses-for-ref": readStatuses,
  "repos/list-commits": readContents,
  "repos/list-pull-requests-associated-with-commit": readPulls,
  "repos/rename-branch": writeContents,
  "repos/update-commit-comment": writeContents,
  "teams/get-by-name": readMembers,
  "teams/get-membership-for-user-in-org": readMembers,
  "teams/list": readMembers,
  "teams/list-members-in-org": readMembers,
  "users/get-authenticated": { kind: "user" },
  "users/get-by-username": anyone,
};
