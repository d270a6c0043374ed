/** GitHub's GraphQL ids are opaque; ours hold what they point to. */
export type NodeKind =
  | "Activity"
  | "App"
  | "BaseRefChangedEvent"
  | "Bot"
  | "CheckRun"
  | "CheckSuite"
  | "ClosedEvent"
  | "CommitComment"
  | "Issue"
  | "IssueComment"
  | "Label"
  | "MergeQueue"
  | "MergeQueueEntry"
  | "Organization"
  | "PinnedIssue"
  | "PullRequest"
  | "PullRequestReview"
  | "Reaction"
  | "ReopenedEvent"
  | "Repository"
  | "Ruleset"
  | "StatusContext"
  | "Status"
  | "User"
  | "Installation"
  | "Blob"
  | "Commit"
  | "Tree"
  | "Ref"
  | "Environment"
  | "Hook"
  | "Tag"
  | "Team";

export function formatNodeId(kind: NodeKind, ...parts: readonly (string | number)[]): string {
  const letters = kind.replace(/[a-z]/g, "");
  return `${letters}_${Buffer.from([kind, ...parts].join(":")).toString("base64url")}`;
}

/** Null for anything that is not one of ours. */
export function parseNodeId(id: string): { readonly kind: string; readonly parts: readonly string[] } | null {
  const encoded = /^[A-Z]+_(.+)$/.exec(id)?.[1];
  if (encoded === undefined) return null;
  const [kind, ...rest] = Buffer.from(encoded, "base64url").toString("utf8").split(":");
  if (kind === undefined || rest.length === 0) return null;
  const [first = "", ...others] = rest;
  return { kind, parts: others.length === 0 ? [first] : [first, others.join(":")] };
}
