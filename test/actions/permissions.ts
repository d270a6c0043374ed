import type { TokenPermissions } from "./runner-host.ts";
import type { Permissions } from "./workflow.ts";

/** What a workflow can ask of its token, except `id-token`, which is no permission of a token. */
const scopes = [
  "actions",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "issues",
  "packages",
  "pages",
  "pull-requests",
  "security-events",
  "statuses",
];

/** The restricted default: what is left out of a `permissions` key is not granted, `metadata` always is. */
const restricted = { contents: "read", packages: "read" } as const;

/** The permissions of a job's token, with GitHub's names for them in the API (`pull_requests`). */
export function decideTokenPermissions(asked: Permissions | undefined): TokenPermissions {
  if (asked === "read-all" || asked === "write-all") {
    const level = asked === "read-all" ? "read" : "write";
    return toApiNames(Object.fromEntries(scopes.map((scope) => [scope, level])));
  }
  return toApiNames(asked ?? restricted);
}

/** Whether a job gets the means to ask for an OIDC token: only with `id-token: write`, or `write-all`. */
export function mayAskForIdToken(asked: Permissions | undefined): boolean {
  if (asked === undefined || asked === "read-all") return false;
  return asked === "write-all" || asked["id-token"] === "write";
}

function toApiNames(permissions: Readonly<Record<string, "read" | "write" | "none">>): TokenPermissions {
  const granted: Record<string, "read" | "write"> = { metadata: "read" };
  for (const [scope, level] of Object.entries(permissions)) {
    if (level !== "none" && scope !== "id-token") granted[scope.replaceAll("-", "_")] = level;
  }
  return granted;
}
